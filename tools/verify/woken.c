// SPDX-License-Identifier: MIT
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/monotonic.h"
#include "woken.h"

/* The last signal: when it came, and the sequence count then. */
static volatile int64_t signal_at;
static volatile uint32_t signal_seq;
static const struct vmclock_abi *volatile signal_page;

static void on_change(int number)
{
	(void)number;
	signal_seq = le32toh(__atomic_load_n(&signal_page->seq_count, __ATOMIC_ACQUIRE));
	signal_at = monotonic_now();
}

/* Only this project's driver has the attribute, and only it sends the signal. */
static bool read_notification(struct woken *woken, const struct source *source)
{
	char path[64];
	ssize_t len;
	int fd;

	if (!source->device)
		return false;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/notification", source->major,
		 source->minor);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, woken->notification, sizeof(woken->notification) - 1);
	close(fd);
	woken->notification[len < 0 ? 0 : len] = '\0';
	woken->notification[strcspn(woken->notification, "\n")] = '\0';
	return *woken->notification;
}

void woken_begin(struct woken *woken, const struct source *source)
{
	struct sigaction action = { .sa_handler = on_change, .sa_flags = SA_RESTART };
	int flags = fcntl(source->fd, F_GETFL);

	*woken = (struct woken){ .changes = 0 };
	if (!read_notification(woken, source))
		return;
	signal_at = 0;
	signal_page = source->page;
	if (sigaction(SIGIO, &action, NULL) || fcntl(source->fd, F_SETOWN, getpid()) ||
	    flags < 0 || fcntl(source->fd, F_SETFL, flags | O_ASYNC))
		*woken->notification = '\0';
}

void woken_end(const struct source *source)
{
	int flags = fcntl(source->fd, F_GETFL);

	/* The page is about to be unmapped. A signal may be on its way. */
	signal(SIGIO, SIG_IGN);
	if (flags >= 0)
		fcntl(source->fd, F_SETFL, flags & ~O_ASYNC);
}

void woken_changed(struct woken *woken, uint32_t seq, int64_t now)
{
	if (!*woken->notification || woken->since)
		return;
	woken->changes++;
	woken->since = now;
	woken->seq = seq;
}

void woken_look(struct woken *woken)
{
	int64_t late;

	if (!woken->since || !signal_at || (int32_t)(signal_seq - woken->seq) < 0)
		return;
	late = signal_at - woken->since;
	woken->since = 0;
	woken->heard++;
	woken->soon += late <= WOKEN_SOON_NS;
	if (late > woken->longest)
		woken->longest = late;
}
