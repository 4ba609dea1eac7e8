// SPDX-License-Identifier: MIT
/* systemd-logind. */
#include "config.h"
#include "logind.h"

#ifdef HAVE_LIBSYSTEMD
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "clocks.h"
#include "log.h"

#define NAME	  "org.freedesktop.login1"
#define PATH	  "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"
#define RETRY_NS  (30 * NS_PER_SEC)

void logind_init(struct logind *l)
{
	*l = (struct logind){ .inhibitor = -1 };
}

void logind_ready(struct logind *l)
{
	if (l->inhibitor >= 0)
		close(l->inhibitor);
	l->inhibitor = -1;
}

void logind_stop(struct logind *l)
{
	logind_ready(l);
	sd_bus_close_unref(l->bus);
	l->bus = NULL;
}

/* ---- Asking logind to wait ------------------------------------------------------------- */

static void not_waited_for(struct logind *l, const char *why)
{
	if (!l->told)
		say(LOG_INFO, "logind will not wait before the machine sleeps: %s", why);
	l->told = true;
}

/* logind does not run; owner_changed() asks it when it starts. */
static bool is_absent(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
	       sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN);
}

static int inhibited(sd_bus_message *answer, void *data, sd_bus_error *unused)
{
	struct logind *l = data;
	const sd_bus_error *error = sd_bus_message_get_error(answer);
	int fd;

	(void)unused;
	if (error && is_absent(error)) {
		say(LOG_DEBUG, "there is no logind that could wait before the machine sleeps");
		return 0;
	}
	if (error) {
		not_waited_for(l, error->message ?: error->name);
		return 0;
	}
	if (sd_bus_message_read(answer, "h", &fd) < 0)
		return 0;
	logind_ready(l);
	/* The message closes its own descriptor. */
	l->inhibitor = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return 0;
}

static int inhibit(struct logind *l)
{
	sd_bus_message *m = NULL;
	int ret = sd_bus_message_new_method_call(l->bus, &m, NAME, PATH, INTERFACE, "Inhibit");

	if (ret >= 0)
		ret = sd_bus_message_append(m, "ssss", "sleep", "vmclockd",
					    "The time has to be withdrawn before", "delay");
	/* Without logind nothing is inhibited. */
	if (ret >= 0)
		ret = sd_bus_message_set_auto_start(m, 0);
	if (ret >= 0)
		ret = sd_bus_call_async(l->bus, NULL, m, inhibited, l, 0);
	sd_bus_message_unref(m);
	return ret;
}

/* ---- The bus --------------------------------------------------------------------------- */

/* The signal of a change of the name's owner: logind has started or ended. */
#define OWNER_CHANGED                                                               \
	"type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus'," \
	"interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" NAME "'"

/* At boot logind may start after vmclockd, and it may be restarted: ask it again. */
static int owner_changed(sd_bus_message *m, void *data, sd_bus_error *unused)
{
	const char *name, *before, *owner;

	(void)unused;
	if (sd_bus_message_read(m, "sss", &name, &before, &owner) >= 0 && *owner)
		inhibit(data);
	return 0;
}

static int prepare_for_sleep(sd_bus_message *m, void *data, sd_bus_error *unused)
{
	struct logind *l = data;
	int begins;

	(void)unused;
	if (sd_bus_message_read(m, "b", &begins) < 0)
		return 0;
	l->news = begins ? LOGIND_SLEEP : LOGIND_AWAKE;
	if (!begins && l->inhibitor < 0)
		inhibit(l);
	return 0;
}

static int connect_to_bus(struct logind *l)
{
	int ret = sd_bus_open_system(&l->bus);

	if (ret >= 0)
		ret = sd_bus_match_signal_async(l->bus, NULL, NAME, PATH, INTERFACE,
						"PrepareForSleep", prepare_for_sleep, NULL, l);
	if (ret >= 0)
		ret = sd_bus_add_match_async(l->bus, NULL, OWNER_CHANGED, owner_changed, NULL, l);
	return ret < 0 ? ret : inhibit(l);
}

void logind_tick(struct logind *l, int64_t now)
{
	int ret;

	if (l->bus || now < l->retry)
		return;
	l->retry = now + RETRY_NS;
	ret = connect_to_bus(l);
	if (ret >= 0)
		return;
	/* Without a bus there is no logind. */
	if (ret != -ENOENT && ret != -ECONNREFUSED)
		not_waited_for(l, strerror(-ret));
	logind_stop(l);
}

int logind_fd(const struct logind *l)
{
	return l->bus ? sd_bus_get_fd(l->bus) : -1;
}

int logind_events(const struct logind *l)
{
	int events = l->bus ? sd_bus_get_events(l->bus) : 0;

	return events < 0 ? 0 : events;
}

int64_t logind_due(const struct logind *l)
{
	uint64_t us;

	if (!l->bus || sd_bus_get_timeout(l->bus, &us) < 0 || us > INT64_MAX / 1000)
		return INT64_MAX;
	return (int64_t)us * 1000;
}

enum logind_news logind_process(struct logind *l)
{
	enum logind_news news;
	int ret = 0;

	while (l->bus && l->news == LOGIND_NOTHING && (ret = sd_bus_process(l->bus, NULL)) > 0)
		;
	/* The connection is lost, and the lock with it: ask again when logind is back. */
	if (ret < 0)
		logind_stop(l);
	news = l->news;
	l->news = LOGIND_NOTHING;
	return news;
}

#else

void logind_init(struct logind *l)
{
	*l = (struct logind){ .inhibitor = -1 };
}

void logind_stop(struct logind *l)
{
	(void)l;
}

void logind_ready(struct logind *l)
{
	(void)l;
}

void logind_tick(struct logind *l, int64_t now)
{
	(void)l;
	(void)now;
}

int logind_fd(const struct logind *l)
{
	(void)l;
	return -1;
}

int logind_events(const struct logind *l)
{
	(void)l;
	return 0;
}

int64_t logind_due(const struct logind *l)
{
	(void)l;
	return INT64_MAX;
}

enum logind_news logind_process(struct logind *l)
{
	(void)l;
	return LOGIND_NOTHING;
}
#endif
