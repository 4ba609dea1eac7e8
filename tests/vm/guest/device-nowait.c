// SPDX-License-Identifier: MIT
/*
 * Reads a page in the middle of an update that does not end: non-blocking reads fail
 * at once, others with ETIMEDOUT after a while. Prints "ok".
 */
#include <fcntl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define READS 5

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(void)
{
	int fd = open(DEVICE, O_RDONLY), nonblock = open(DEVICE, O_RDONLY | O_NONBLOCK);
	char byte;
	struct iovec part = { &byte, 1 };
	double patient, impatient;
	int i;

	expect(fd >= 0 && nonblock >= 0);
	patient = now();
	expect_errno(read(fd, &byte, 1), ETIMEDOUT);
	patient = now() - patient;

	impatient = now();
	for (i = 0; i < READS; i++) {
		expect_errno(read(nonblock, &byte, 1), EAGAIN);
		expect_errno(preadv2(fd, &part, 1, 0, RWF_NOWAIT), EAGAIN);
	}
	impatient = now() - impatient;
	if (impatient > patient)
		fail("%d reads that do not wait took %.3f s, one that does %.3f s", 2 * READS,
		     impatient, patient);
	puts("ok");
	return 0;
}
