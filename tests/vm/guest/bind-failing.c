// SPDX-License-Identifier: MIT
/*
 * Binds and unbinds the device BINDS times, while allocations fail: one after the
 * other during the binds, then random ones during bind, use and unbind. Each bind
 * works, or fails and leaves nothing. Needs debugfs and a kernel with FAILSLAB and
 * FAIL_PAGE_ALLOC.
 *
 * Usage: bind-failing BINDS DEVICE
 * DEVICE is the name of the platform device.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

#define DRIVER "/sys/bus/platform/drivers/vmclock-guest/"
#define DEBUGFS "/sys/kernel/debug/"
#define TRIES 20

static const char *device;

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		fail("%s: %s", path, strerror(errno));
	close(fd);
}

/* Only this process's allocations fail, of every kind. */
static void prepare_failures(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc" };
	char path[96];
	size_t i;

	for (i = 0; i < 2; i++) {
#define attribute(name, value) \
	(snprintf(path, sizeof(path), DEBUGFS "%s/" name, kinds[i]), set(path, value))
		attribute("verbose", "0");
		attribute("ignore-gfp-wait", "N");
		attribute("task-filter", "Y");
		attribute("interval", "1");
		attribute("times", "-1");
		attribute("probability", "0");
	}
	set(DEBUGFS "fail_page_alloc/min-order", "0");
	set(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
}

static void fail_at_random(const char *percent)
{
	set(DEBUGFS "failslab/probability", percent);
	set(DEBUGFS "fail_page_alloc/probability", percent);
}

/* Lets allocation `nth` of this thread fail; 0: none. Returns the previous rest. */
static int fail_nth(int nth)
{
	static int fd = -1;
	char text[16] = "";
	int left;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR);
	expect(fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0);
	left = atoi(text);
	snprintf(text, sizeof(text), "%d", nth);
	expect(pwrite(fd, text, strlen(text), 0) > 0);
	return left;
}

/* Uses files that were opened before anything may fail. */
static bool tell_driver(int fd)
{
	return pwrite(fd, device, strlen(device), 0) > 0;
}

static bool exists(const char *path)
{
	struct stat status;

	return !stat(path, &status);
}

static void check(bool bound)
{
	char path[96], bytes[4];
	int fd = open(DEVICE, O_RDONLY);

	snprintf(path, sizeof(path), DRIVER "%s", device);
	if (exists(path) != bound)
		fail("the driver %s the device", bound ? "does not have" : "still has");
	/* If devtmpfs had no memory, the device exists without its node. */
	if (!bound && exists("/sys/class/misc/vmclock0"))
		fail("a device that is not bound is in sysfs");
	if (!bound && fd >= 0)
		fail("a device that is not bound can be opened");
	if (fd < 0)
		return;
	if (pread(fd, bytes, 4, 0) != 4 || memcmp(bytes, "VCLK", 4))
		fail("what was bound cannot be read: %s", strerror(errno));
	close(fd);
}

/* Uses the device with failures, which must do no harm. */
static void use(void)
{
	int fd = open(DEVICE, O_RDONLY);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char page[4096];
	void *mapped;

	if (fd < 0)
		return;
	(void)!read(fd, page, sizeof(page));
	poll(&pfd, 1, 1);
	mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (mapped != MAP_FAILED)
		munmap(mapped, 4096);
	close(fd);
	fd = open("/sys/class/misc/vmclock0/clock_status", O_RDONLY);
	if (fd >= 0) {
		(void)!read(fd, page, sizeof(page));
		close(fd);
	}
}

static void unbind(int fd)
{
	int i;

	/* The request itself may fail for lack of memory, before it reaches the driver. */
	for (i = 0; !tell_driver(fd); i++) {
		if (i == TRIES)
			fail("it cannot be unbound: %s", strerror(errno));
	}
}

int main(int argc, char **argv)
{
	int count, i, nth = 1, hit, worked = 0, failed = 0, most = 0;
	int bind_fd, unbind_fd, random_fd;
	bool bound;

	print_lines();
	expect(argc == 3);
	count = atoi(argv[1]);
	device = argv[2];
	prepare_failures();
	bind_fd = open(DRIVER "bind", O_WRONLY);
	unbind_fd = open(DRIVER "unbind", O_WRONLY);
	random_fd = open("/proc/self/make-it-fail", O_WRONLY);
	expect(bind_fd >= 0 && unbind_fd >= 0 && random_fd >= 0);
	unbind(unbind_fd);

	for (i = 0; i < count; i++) {
		bool at_random = i % 3 == 2;

		if (at_random)
			fail_at_random(i % 2 ? "1" : "5");
		else
			fail_nth(nth);
		expect(pwrite(random_fd, at_random ? "1" : "0", 1, 0) == 1);
		bound = tell_driver(bind_fd);
		if (at_random && bound)
			use();
		expect(pwrite(random_fd, "0", 1, 0) == 1);
		hit = fail_nth(0) == 0;
		if (at_random)
			fail_at_random("0");
		check(bound);
		worked += bound;
		failed += !bound;

		/* If allocation `nth` was not reached, there are no more. */
		if (!at_random)
			nth = hit ? nth + 1 : 1;
		if (nth > most)
			most = nth;
		if (!bound)
			continue;
		if (!(i % 4)) {
			fail_nth(1 + i / 4 % 40);
			if (!tell_driver(unbind_fd)) {
				fail_nth(0);
				unbind(unbind_fd);
			}
			fail_nth(0);
		} else {
			unbind(unbind_fd);
		}
		check(false);
	}

	expect(tell_driver(bind_fd));
	check(true);
	if (!worked || !failed)
		fail("%d binds worked and %d failed: that is no test", worked, failed);
	printf("ok: %d binds worked, %d failed, with the first %d allocations in turn\n", worked,
	       failed, most);
	return 0;
}
