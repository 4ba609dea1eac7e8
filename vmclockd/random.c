// SPDX-License-Identifier: MIT
/* Random numbers. */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "log.h"
#include "random.h"

void random_part(uint64_t generation, uint64_t marker)
{
	struct timespec now = { 0 };
	uint64_t ours[5] = { generation, marker, counter_ordered() };
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	clock_gettime(CLOCK_REALTIME, &now);
	ours[3] = (uint64_t)now.tv_sec;
	ours[4] = (uint64_t)now.tv_nsec;
	/* The kernel mixes the written bytes into its next seed. */
	if (fd < 0 || write(fd, ours, sizeof(ours)) != sizeof(ours))
		say(LOG_ERR, "clones may share random numbers: cannot write to /dev/urandom: %s",
		    strerror(errno));
	else if (ioctl(fd, RNDRESEEDCRNG))
		say(LOG_WARNING, "the kernel does not seed its random numbers anew at once: %s%s",
		    strerror(errno), errno == EPERM ? " (needs CAP_SYS_ADMIN)" : "");
	else
		say(LOG_NOTICE,
		    "the VM generation has changed: the kernel's random numbers are seeded anew");
	if (fd >= 0)
		close(fd);
}
