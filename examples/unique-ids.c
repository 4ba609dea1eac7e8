// SPDX-License-Identifier: MIT
/*
 * Identifiers that two clones of one snapshot do not share: the random part is drawn anew when the
 * VM generation changes. Identifiers begin with the time in TAI, so they sort in the order in which
 * they were made.
 *
 * Usage: unique-ids      (one identifier for each line on standard input)
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include <vmclock.h>

/* Tells a clone from its origin: the generation, or the marker if the page has no generation. */
struct origin {
	bool is_generation;
	uint64_t value;
};

struct source {
	const struct vmclock *vc;
	uint64_t marker;		/* the clock was right under this marker */
	struct origin origin;
	uint64_t seed;
	uint64_t serial;
};

struct id {
	struct timespec time;
	uint64_t seed;
	uint64_t serial;
};

static int read_origin(const struct vmclock *vc, struct origin *origin)
{
	struct vmclock_state state;
	int ret = vmclock_read_state(vc, &state);

	if (ret)
		return ret;
	origin->is_generation = state.flags & VMCLOCK_FLAG_GENERATION_PRESENT;
	origin->value = origin->is_generation ? state.generation : state.marker;
	return 0;
}

static bool same(const struct origin *a, const struct origin *b)
{
	return a->is_generation == b->is_generation && a->value == b->value;
}

/*
 * Clones may draw the same random numbers until their kernels notice the restore, and may have the
 * same generation. They hardly draw in the same nanosecond.
 */
static int seed(struct source *source, const struct origin *origin)
{
	struct timespec now;
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random) ||
	    clock_gettime(CLOCK_REALTIME, &now))
		return -errno;
	source->seed = random ^ origin->value ^
		       ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
	source->serial = 0;
	source->origin = *origin;
	return 0;
}

/* Reads the origin before and after, because the snapshot may be restored in between. */
static int draw(struct source *source, struct id *id)
{
	struct origin origin;
	int ret;

	ret = read_origin(source->vc, &origin);
	while (!ret) {
		if (!same(&origin, &source->origin)) {
			ret = seed(source, &origin);
			if (ret)
				break;
			puts("another origin: seeded anew");
		}
		ret = vmclock_system_time(source->vc, CLOCK_TAI, source->marker, &id->time);
		if (ret)
			break;
		id->seed = source->seed;
		id->serial = source->serial++;

		ret = read_origin(source->vc, &origin);
		if (!ret && same(&origin, &source->origin))
			break;
	}
	return ret;
}

/* The marker changes when the clock is right again; until then there is no identifier. */
static void go_on(struct source *source)
{
	if (vmclock_system_trusted(source->vc, &source->marker) == -ENOENT) {
		/* No vmclockd runs. Here: correct the clock. Then go on. */
		source->marker = vmclock_marker(source->vc);
	}
}

static int run(struct source *source)
{
	struct id id;
	int c, ret = 0;

	while (!ret && (c = getchar()) != EOF) {
		if (c != '\n')
			continue;
		ret = draw(source, &id);
		if (ret == -ESTALE) {
			puts("no identifier: the clock was disrupted");
			go_on(source);
			ret = 0;
		} else if (!ret) {
			printf("%lld.%09ld-%016" PRIx64 "-%" PRIu64 "\n",
			       (long long)id.time.tv_sec, id.time.tv_nsec, id.seed, id.serial);
		}
	}
	return ret;
}

int main(void)
{
	struct source source = { 0 };
	struct origin origin;
	struct vmclock *vc;
	int ret;

	ret = vmclock_open(&vc, NULL);
	if (ret) {
		fprintf(stderr,
			"unique-ids: cannot open the VMClock device: %s; vmclock-check tells more\n",
			vmclock_strerror(ret));
		return 1;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	source.vc = vc;
	source.marker = vmclock_marker(vc);
	ret = read_origin(vc, &origin);
	if (!ret)
		ret = seed(&source, &origin);
	if (!ret)
		ret = run(&source);
	if (ret)
		fprintf(stderr, "unique-ids: cannot make identifiers: %s\n", vmclock_strerror(ret));
	vmclock_close(vc);
	return ret != 0;
}
