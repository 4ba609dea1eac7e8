// SPDX-License-Identifier: MIT
/*
 * A 32-bit program on a 64-bit kernel: opens, reads, maps and polls the device. It
 * uses no library, so that a compiler without 32-bit libraries can build it. Its
 * status is 0, or the number of the fault.
 */
#define PAGE 4096
#define NR_EXIT 1
#define NR_READ 3
#define NR_OPEN 5
#define NR_IOCTL 54
#define NR_MUNMAP 91
#define NR_MPROTECT 125
#define NR_LLSEEK 140
#define NR_POLL 168
#define NR_PREAD64 180
#define NR_MMAP2 192

struct pollfd {
	int fd;
	short events, revents;
};

static long call(long number, long a, long b, long c, long d, long e)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return result;
}

/* The sixth argument is in a register that compilers use themselves: it is 0. */
static long map(long len, long prot, long fd)
{
	long result;

	__asm__ volatile("push %%ebp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%ebp" : "=a"(result)
			 : "a"(NR_MMAP2), "b"(0), "c"(len), "d"(prot), "S"(1), "D"(fd) : "memory");
	return result;
}

static int is_error(long result, int number)
{
	return result == -number;
}

static char page[PAGE];

static int try_it(void)
{
	struct pollfd pfd = { .events = 1 };
	unsigned long long at = 0;
	const char *mapped;
	long fd = call(NR_OPEN, (long)"/dev/vmclock0", 0, 0, 0, 0);
	int i;

	if (fd < 0)
		return 1;
	if (call(NR_READ, fd, (long)page, PAGE, 0, 0) != PAGE)
		return 2;
	if (page[0] != 'V' || page[3] != 'K')
		return 3;
	if (call(NR_PREAD64, fd, (long)page, 8, 16, 0) != 8)
		return 4;
	/* Far beyond 32 bits. */
	if (call(NR_PREAD64, fd, (long)page, 8, 0, 1) != 0)
		return 5;
	if (call(NR_LLSEEK, fd, 0, 16, (long)&at, 0) || at != 16)
		return 6;
	mapped = (const char *)map(PAGE, 1, fd);
	if ((unsigned long)mapped > -4096ul)
		return 7;
	for (i = 0; i < PAGE; i++)
		page[i] = mapped[i];
	if (page[0] != 'V')
		return 8;
	if (!is_error(call(NR_MPROTECT, (long)mapped, PAGE, 3, 0, 0), 13))
		return 9;
	if (call(NR_MUNMAP, (long)mapped, PAGE, 0, 0, 0))
		return 10;
	pfd.fd = (int)fd;
	if (call(NR_POLL, (long)&pfd, 1, 0, 0, 0))
		return 11;
	if (!is_error(call(NR_IOCTL, fd, 0x5401, (long)page, 0, 0), 25))
		return 12;
	return 0;
}

void _start(void)
{
	call(NR_EXIT, try_it(), 0, 0, 0, 0);
	__builtin_unreachable();
}
