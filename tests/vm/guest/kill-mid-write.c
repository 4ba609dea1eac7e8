// SPDX-License-Identifier: MIT
/*
 * Kills a process in the middle of an update: the processor watches the
 * sequence count at OFFSET of FILE in the process's memory, and stops it at
 * each store there. Ends with an error where the count is not odd in SECONDS.
 *
 * Usage: kill-mid-write PID FILE OFFSET SECONDS
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#ifdef __x86_64__

#define IN_PAGE 0xfffUL
/* Of debug register 7: the first one is in use, for stores to 4 bytes. */
#define WATCH_STORES (1UL | 1UL << 16 | 3UL << 18)

static const volatile uint32_t *map_count(const char *path, unsigned long offset)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *map;

	expect(fd >= 0);
	map = mmap(NULL, IN_PAGE + 1, PROT_READ, MAP_SHARED, fd, (off_t)(offset & ~IN_PAGE));
	expect(map != MAP_FAILED);
	return (const volatile uint32_t *)(map + (offset & IN_PAGE));
}

/* Where the process has mapped it. */
static unsigned long address_of(pid_t pid, const char *path, unsigned long offset)
{
	char name[64], line[4096], mapped[4096];
	unsigned long start, end, first;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	maps = fopen(name, "r");
	expect(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %4095s", &start, &end, &first, mapped) == 4 &&
		    !strcmp(mapped, path) && offset >= first && offset - first < end - start)
			return start + offset - first;
	}
	fail("process %d has not mapped %s", pid, path);
}

static void set_debug_register(pid_t pid, int number, unsigned long value)
{
	size_t where = offsetof(struct user, u_debugreg) +
		       (size_t)number * sizeof(((struct user *)0)->u_debugreg[0]);

	expect(!ptrace(PTRACE_POKEUSER, pid, (void *)where, (void *)value));
}

/* The signal that it has to get. */
static int wait_stopped(pid_t pid)
{
	int status, signal;

	expect(waitpid(pid, &status, __WALL) == pid);
	expect(WIFSTOPPED(status));
	signal = WSTOPSIG(status);
	return signal == SIGTRAP || status >> 16 ? 0 : signal;
}

int main(int argc, char **argv)
{
	const volatile uint32_t *count;
	unsigned long offset;
	int signal;
	pid_t pid;

	expect(argc == 5);
	pid = atoi(argv[1]);
	offset = strtoul(argv[3], NULL, 0);
	count = map_count(argv[2], offset);
	alarm((unsigned int)atoi(argv[4]));
	expect(!ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	expect(!ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	signal = wait_stopped(pid);
	set_debug_register(pid, 0, address_of(pid, argv[2], offset));
	set_debug_register(pid, 7, WATCH_STORES);
	while (!(*count & 1)) {
		expect(!ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal));
		signal = wait_stopped(pid);
	}
	expect(!kill(pid, SIGKILL));
	return 0;
}

#else

int main(void)
{
	fail("only for x86-64");
}

#endif
