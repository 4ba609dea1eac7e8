// SPDX-License-Identifier: MIT
/*
 * Kills a process in the middle of an update. When the process waits, it prints
 * "stepping" and runs the process instruction by instruction until the sequence count
 * at OFFSET of FILE is odd: then it prints "killed in mid-write"; or "killed" if this
 * took longer than SECONDS.
 *
 * Usage: kill-mid-write PID FILE OFFSET SECONDS
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#ifndef SYS_poll
#define SYS_poll SYS_ppoll
#endif

#define FILE_SIZE 4096

static const volatile uint32_t *map_count(const char *path, unsigned long offset)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *map;

	expect(fd >= 0);
	map = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fd, (off_t)(offset & ~0xfffUL));
	expect(map != MAP_FAILED);
	return (const volatile uint32_t *)(map + (offset & 0xfff));
}

/* Returns the signal to deliver, or -1: the process has ended. */
static int wait_stopped(pid_t pid)
{
	int status, signal;

	expect(waitpid(pid, &status, __WALL) == pid);
	if (!WIFSTOPPED(status))
		return -1;
	signal = WSTOPSIG(status);
	return signal == SIGTRAP || status >> 16 ? 0 : signal;
}

/* Begin at a wait, because other work may take too many instructions. */
static bool waits(pid_t pid)
{
	char name[64], text[64] = "";
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/syscall", pid);
	file = fopen(name, "r");
	expect(file);
	expect(fgets(text, sizeof(text), file));
	fclose(file);
	return atoi(text) == SYS_poll || atoi(text) == SYS_restart_syscall;
}

static time_t seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

int main(int argc, char **argv)
{
	const volatile uint32_t *count;
	time_t end;
	int signal;
	pid_t pid;

	expect(argc == 5);
	pid = atoi(argv[1]);
	print_lines();
	count = map_count(argv[2], strtoul(argv[3], NULL, 0));
	end = seconds() + atoi(argv[4]);
	expect(!ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	expect(!ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	while (signal = wait_stopped(pid), signal >= 0 && !waits(pid)) {
		expect(!ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal));
		usleep(1000);
		expect(!ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	}
	puts("stepping");
	while (signal >= 0 && !(*count & 1) && seconds() < end) {
		expect(!ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(long)signal));
		signal = wait_stopped(pid);
	}
	expect(signal >= 0);
	puts(*count & 1 ? "killed in mid-write" : "killed");
	expect(!kill(pid, SIGKILL));
	return 0;
}
