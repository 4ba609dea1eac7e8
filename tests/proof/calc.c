// SPDX-License-Identifier: MIT
/*
 * CBMC's proofs of calc/. Each function here is a proof: its inputs are any
 * values, its assertions hold for all of them, and nothing it calls has undefined
 * behaviour (tests/proof/run has the list). If a solver does not finish on all
 * values, each factor gets only WIDTH bits; carries, rounding and limits are the
 * same for few bits as for many.
 */
#include "calc/scale.h"
#include "calc/time.h"
#include "lib/line.h"

#ifndef WIDTH
#define WIDTH 64
#endif

/* One shift at a time, and the position in the period of the bits that are used. */
#ifndef SHIFT
#define SHIFT 29
#endif
#ifndef PERIOD_BIT
#define PERIOD_BIT 0
#endif

#define NS NS_PER_SEC

__u64 nondet_u64(void);
__s64 nondet_s64(void);
__u32 nondet_u32(void);
__u8 nondet_u8(void);
struct vmclock_snapshot nondet_snapshot(void);
struct vmclock_abi nondet_page(void);
struct line nondet_line(void);

#define assume(cond) __CPROVER_assume(cond)
#define prove(cond) __CPROVER_assert(cond, #cond)

static struct vmclock_instant any_instant(void)
{
	struct vmclock_instant t = { nondet_s64(), nondet_u32() };

	assume(t.nsec < NS);
	return t;
}

static bool in_order(const struct vmclock_instant *a, const struct vmclock_instant *b)
{
	return a->sec < b->sec || (a->sec == b->sec && a->nsec <= b->nsec);
}

/* ---- No undefined behaviour, whatever the page holds ------------------------------ */

void proof_snapshot(void)
{
	struct vmclock_abi page = nondet_page();
	struct vmclock_snapshot s;

	vmclock_calc_snapshot(&page, nondet_u32(), &s);
	vmclock_calc_usable(&s, nondet_u8());
}

void proof_time_defined(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	struct vmclock_instant t = { -7, 7 };

	if (vmclock_calc_time(&s, nondet_u64(), &t))
		prove(t.sec == -7 && t.nsec == 7);
	else
		prove(t.nsec < NS);
}

void proof_error_defined(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	__u64 ns = 7;
	int ret = vmclock_calc_error(&s, nondet_u64(), &ns);

	if (ret)
		prove(ns == 7);
	else
		prove(ns > 0 && !(ns >> 63));
}

void proof_line_defined(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	struct line line;
	__u64 ns, error;

	line_draw(&s, &line);
	line = nondet_line();
	line_at(&line, nondet_u64(), &ns, &error);
}

void proof_shift_time(void)
{
	struct vmclock_instant t = any_instant(), moved = t;
	__s64 ns = nondet_s64();

	if (vmclock_calc_shift_time(&moved, ns)) {
		prove(moved.sec == t.sec && moved.nsec == t.nsec);
		return;
	}
	prove(moved.nsec < NS);
	prove(ns < 0 || in_order(&t, &moved));
	prove(ns >= 0 || in_order(&moved, &t));
	prove(ns == 0 || moved.sec != t.sec || moved.nsec != t.nsec);
}

/*
 * ---- The scales -------------------------------------------------------------------
 *
 * Of vmclock_calc_month_start() there is no proof, because solvers do not finish with
 * its divisions: test-calc tries each day.
 */

/* Any leap second that vmclock_calc_leap_second() can tell, whatever is known besides. */
static struct vmclock_leap_second any_leap_second(void)
{
	struct vmclock_leap_second leap;
	bool over = nondet_u8() & 1;

	leap.sign = nondet_u8() % 3 - 1;
	leap.before = over ? leap.sign : 0;
	leap.after = over ? 0 : -leap.sign;
	leap.midnight = nondet_s64();
	leap.month_start = nondet_s64();
	leap.month_end = nondet_s64();
	assume(leap.month_start >= -31 * SEC_PER_DAY && leap.month_start <= leap.midnight &&
	       leap.midnight <= leap.month_end && leap.month_end <= 2 * VMCLOCK_CALC_MAX_SEC);
	leap.at = leap.midnight - (leap.sign && over == (leap.sign > 0));
	leap.utc_from = nondet_s64();
	leap.utc_until = nondet_s64();
	leap.smeared_from = nondet_s64();
	leap.smeared_until = nondet_s64();
	return leap;
}

static bool is_near(__s64 a, __s64 b)
{
	__int128 off = (__int128)a - b;

	return off >= -1 && off <= 1;
}

void proof_leap_seconds(void)
{
	struct vmclock_instant t = any_instant(), utc = t, smeared = t;
	struct vmclock_leap_second leap = any_leap_second();

	prove(vmclock_calc_leap_at(&leap, t.sec) <= VMCLOCK_LEAP_POST_NEG);
	if (!vmclock_calc_linear_to_utc(&leap, &utc))
		prove(utc.nsec == t.nsec && is_near(utc.sec, t.sec));
	if (!vmclock_calc_linear_to_smeared(&leap, nondet_u8(), nondet_u8() & 1, &smeared))
		prove(smeared.nsec < NS);
}

/*
 * True time is any instant from @earliest to @latest. Then its number is within
 * their numbers. An instant with a lower number than the earliest is before all of
 * them, and one with a higher number than the latest is after all of them.
 */
void proof_utc_is_certain(void)
{
	struct vmclock_leap_second leap = any_leap_second();
	struct vmclock_instant earliest = any_instant(), latest = any_instant();
	struct vmclock_instant first = earliest, last = latest;
	struct vmclock_instant t = any_instant(), other = any_instant();
	struct vmclock_instant number = t, other_number = other;

	assume(in_order(&first, &t) && in_order(&t, &last));
	if (vmclock_calc_bounds_to_utc(&leap, &earliest, &latest) ||
	    vmclock_calc_linear_to_utc(&leap, &number) ||
	    vmclock_calc_linear_to_utc(&leap, &other_number))
		return;
	prove(earliest.nsec < NS && latest.nsec < NS);
	prove(in_order(&earliest, &number) && in_order(&number, &latest));
	prove(in_order(&earliest, &other_number) || !in_order(&first, &other));
	prove(in_order(&other_number, &latest) || !in_order(&other, &last));
}

void proof_tai(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	struct vmclock_instant t = any_instant(), tai = t;

	if (vmclock_calc_to_tai(&s, &tai))
		return;
	prove(tai.nsec == t.nsec);
	prove(tai.sec == t.sec || s.time_type != VMCLOCK_TIME_TAI);
}

/* TAI never goes back. */
void proof_tai_monotonic(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	struct vmclock_instant a = any_instant(), b = any_instant();

	assume(in_order(&a, &b));
	if (!vmclock_calc_to_tai(&s, &a) && !vmclock_calc_to_tai(&s, &b))
		prove(in_order(&a, &b));
}

/* ---- Time and its bounds ------------------------------------------------------------ */

static __u64 narrow(__u64 x)
{
	return WIDTH < 64 ? x & (((__u64)1 << (WIDTH & 63)) - 1) : x;
}

void proof_time_monotonic(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	struct vmclock_instant a, b;
	__u64 from = narrow(nondet_u64()), to = narrow(nondet_u64());
	bool before = nondet_u8() & 1;

	s.period = narrow(s.period) << PERIOD_BIT;
	s.time_frac = narrow(s.time_frac) << (64 - WIDTH);
	s.shift = SHIFT;
	/* Ordered by the counter, on one side of the reference or on both. */
	assume(from <= to);
	if (vmclock_calc_time(&s, s.counter_value + (before ? -to : from), &a) ||
	    vmclock_calc_time(&s, s.counter_value + (before ? -from : to), &b))
		return;
	prove(in_order(&a, &b));
}

/* earliest <= time <= latest, as the library and the driver compute them. */
void proof_bounds_enclose(void)
{
	struct vmclock_instant t = any_instant(), earliest = t, latest = t;
	struct vmclock_snapshot s = nondet_snapshot();
	__u64 error;

	if (vmclock_calc_error(&s, nondet_u64(), &error) ||
	    vmclock_calc_shift_time(&earliest, -(__s64)error) ||
	    vmclock_calc_shift_time(&latest, (__s64)error + 1))
		return;
	prove(in_order(&earliest, &t) && !in_order(&t, &earliest));
	prove(in_order(&t, &latest) && !in_order(&latest, &t));
}

/* The bounds never shrink away from the reference, and are never below the page's own. */
void proof_error_monotonic(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	__u64 near = narrow(nondet_u64()), far = narrow(nondet_u64());
	__u64 error_near, error_far;

	s.period_maxerror = narrow(s.period_maxerror);
	assume(near <= far && !(far >> 63));
	if (vmclock_calc_error(&s, s.counter_value + near, &error_near) ||
	    vmclock_calc_error(&s, s.counter_value + far, &error_far))
		return;
	prove(error_near <= error_far);
	prove(error_near > s.time_maxerror);
}

/*
 * Where a line holds, it gives the same time and error. With few bits the proof does
 * not get near the ends of the line: test-calc does, with whole words.
 */
void proof_line_agrees(void)
{
	struct vmclock_snapshot s = nondet_snapshot();
	__u64 ticks = narrow(nondet_u64());
	struct vmclock_instant t;
	struct line line;
	__u64 ns, error, exact;

	s.period = narrow(s.period);
	s.period_maxerror = narrow(s.period_maxerror);
	s.time_frac = narrow(s.time_frac) << (64 - WIDTH);
	if (WIDTH < 64)
		assume(s.shift < WIDTH);
	if (!line_draw(&s, &line) ||
	    !line_at(&line, s.counter_value + ticks, &ns, &error))
		return;
	prove(!vmclock_calc_time(&s, s.counter_value + ticks, &t));
	prove((vmclock_u128)(__u64)(t.sec - (__s64)s.time_sec) * NS + t.nsec == ns);
	prove(!vmclock_calc_error(&s, s.counter_value + ticks, &exact));
	prove(error == exact);
	prove(error < LINE_ERROR);
}
