// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clocks.h"
#include "daemon.h"
#include "log.h"

#define EACH_NS (15 * NS_PER_SEC)
/* The shortest time between two writes, in a storm of changes. */
#define SOONEST_NS NS_PER_SEC

void exporter_open(struct daemon *d)
{
	struct exporter *exporter = &d->exporter;
	const char *slash = strrchr(d->config.device, '/');
	int ret = -ENOMEM;

	if (!d->config.metrics || d->dry_run)
		return;
	if (asprintf(&exporter->completed, "%s/%s", d->config.folder, slash + 1) >= 0) {
		ret = textfile_start(&exporter->file, d->config.metrics);
		if (ret)
			free(exporter->completed);
	}
	if (ret)
		say(LOG_ERR, "metrics are not written: %s", strerror(-ret));
	exporter->open = !ret;
}

static bool has_changed(struct exporter *exporter, const struct exported *now)
{
	const struct exported *last = &exporter->last;

	return last->up != now->up || last->trust != now->trust || last->status != now->status ||
	       last->flags != now->flags || last->marker != now->marker ||
	       last->generation != now->generation || last->disruptions != now->disruptions;
}

static void renew(struct daemon *d, bool running)
{
	struct metrics m = {
		.running = running,
		.trust = d->state.next.trust,
		.has_state = true,
		.state = d->state.next,
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	metrics_name(&m, d->config.device);
	metrics_look(&m, d->device.vc, d->exporter.completed);
	metrics_print(&m, out);
	if (!fclose(out) && text)
		textfile_put(&d->exporter.file, text);
	else
		free(text);
}

void exporter_look(struct daemon *d)
{
	struct exporter *exporter = &d->exporter;
	const struct exported now = {
		.up = d->device.vc,
		.trust = d->state.next.trust,
		.status = d->state.next.clock_status,
		.flags = d->device.state.flags,
		.marker = d->device.state.marker,
		.generation = d->device.state.generation,
		.disruptions = le64toh(d->state.next.disruptions),
	};
	int64_t since = monotonic_now() - exporter->renewed;

	if (!exporter->open)
		return;
	if (since < (has_changed(exporter, &now) ? SOONEST_NS : EACH_NS) && exporter->renewed)
		return;
	exporter->last = now;
	exporter->renewed = monotonic_now();
	renew(d, true);
}

void exporter_close(struct daemon *d)
{
	struct exporter *exporter = &d->exporter;

	if (!exporter->open)
		return;
	/* The last text says that nobody renews the metrics from now on. */
	renew(d, false);
	textfile_stop(&exporter->file);
	free(exporter->completed);
	exporter->open = false;
}
