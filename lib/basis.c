// SPDX-License-Identifier: MIT
/* The page that gives time, the hypervisor's page or the completed page, and its state. */
#include "basis.h"
#include "calc/time.h"
#include "completed.h"

/* Returns 0, or an error for the life of the device, which readings need not check again. */
int vmclock_time_error(const struct vmclock *vc, bool is_steady)
{
	const struct vmclock_snapshot s = {
		.size = (uint32_t)vc->size,
		.counter_id = page_u8(vc->page->counter_id),
		.time_type = vc->time_type,
		.status = VMCLOCK_STATUS_SYNCHRONIZED,
		.period = 1,
	};
	int ret = vmclock_calc_usable(&s, COUNTER_ID);

	return ret || is_steady ? ret : -EOPNOTSUPP;
}

/* Loads the fields that change, each by one access. For use inside a section. */
static inline __attribute__((always_inline)) void
load_fields(const struct vmclock_abi *page, struct basis *basis)
{
	struct vmclock_snapshot *s = &basis->s;
	/* These fields share one aligned word: pad, status, smearing, TAI offset, leap, shift. */
	uint64_t word = le64toh(__atomic_load_n((const uint64_t *)page->pad, __ATOMIC_RELAXED));

	s->marker = page_u64(page->disruption_marker);
	s->flags = page_u64(page->flags);
	s->status = (uint8_t)(word >> 16);
	s->smearing = (uint8_t)(word >> 24);
	s->tai_offset = (int16_t)(word >> 32);
	s->leap = (uint8_t)(word >> 48);
	s->shift = (uint8_t)(word >> 56);
	s->counter_value = page_u64(page->counter_value);
	s->period = page_u64(page->counter_period_frac_sec);
	s->period_maxerror = page_u64(page->counter_period_maxerror_rate_frac_sec);
	s->time_sec = page_u64(page->time_sec);
	s->time_frac = page_u64(page->time_frac_sec);
	s->time_maxerror = page_u64(page->time_maxerror_nanosec);
	s->counter_id = COUNTER_ID;
	basis->time_esterror = page_u64(page->time_esterror_nanosec);
	basis->period_esterror = page_u64(page->counter_period_esterror_rate_frac_sec);
}

/*
 * Takes the basis from the first consistent copy of the completed page. Reads the
 * counter inside the section, so that a page that was withdrawn earlier is not used,
 * and compares the hypervisor's marker afterwards.
 */
static int take_completed(const struct vmclock *vc, const struct vmclock_run_page *copies[],
			  enum counter_source source, bool once, uint64_t *counter,
			  struct basis *basis)
{
	const unsigned int most = once ? VMCLOCK_RUN_COPIES : RUN_LOOKS;
	struct vmclock_snapshot *s = &basis->s;
	const struct vmclock_run_page *copy;
	unsigned int looks = 0;
	bool has_generation;
	uint64_t generation;

	do {
		/* The writer may be dead. */
		if (looks == most)
			return once ? -EBUSY : -EAGAIN;
		if (looks && looks % VMCLOCK_RUN_COPIES == 0)
			cpu_relax();
		copy = copies[looks++ % VMCLOCK_RUN_COPIES];
		basis->seq = section_try(&copy->page);
		load_fields(&copy->page, basis);
		generation = page_u64(copy->page.vm_generation_counter);
		basis->first = page_u64(copy->first_counter);
		basis->reach = page_u64(copy->reach);
		*counter = read_counter(source, *counter);
	} while (!section_held(&copy->page, basis->seq));
	s->size = VMCLOCK_RUN_COPY_SIZE;
	s->time_type = VMCLOCK_TIME_UTC;
	basis->completed = true;
	if (!basis->reach)
		basis->reach = UINT64_MAX;
	/* A cached line is checked against the first copy's count, and does not have @first. */
	basis->lasts = copy == copies[0] &&
		       !vmclock_completed_is_before(s, s->counter_value, basis->first);

	/* vmclockd has not published any time yet, so none can be stale. */
	if (s->status == VMCLOCK_STATUS_INITIALIZING)
		return -EAGAIN;
	has_generation = s->flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT;
	return vmclock_check_current(vc, s->marker, has_generation ? &generation : NULL, once);
}

static int take_host(const struct vmclock *vc, enum counter_source source, bool once,
		     uint64_t *counter, struct basis *basis)
{
	struct section section = section_of(once);
	struct run_judgement judgement;
	uint64_t generation;
	int ret;

	ret = vmclock_run_judge(vc, once, &judgement);
	if (ret)
		return ret;
	do {
		ret = section_begin(vc, &section);
		if (ret)
			return ret;
		load_fields(vc->page, basis);
		generation = page_u64(vc->page->vm_generation_counter);
		*counter = read_counter(source, *counter);
	} while (section_retry(vc, &section));
	basis->s.size = (uint32_t)vc->size;
	basis->s.time_type = vc->time_type;
	basis->reach = UINT64_MAX;
	basis->first = 0;
	basis->seq = section.seq;
	basis->completed = false;
	basis->lasts = true;

	if (!VMCLOCK_COVERS(vc->size, vm_generation_counter) ||
	    !(basis->s.flags & VMCLOCK_FLAG_VM_GEN_COUNTER_PRESENT))
		generation = 0;
	return vmclock_run_believed(&judgement, basis->s.marker, generation);
}

int vmclock_take_basis(const struct vmclock *vc, enum counter_source source, bool once,
		       uint64_t *counter, struct basis *basis)
{
	const struct vmclock_run_page *copies[VMCLOCK_RUN_COPIES];

	if (!vc->time_error)
		return take_host(vc, source, once, counter, basis);
	return vmclock_completed_copies(vc, copies) ?
		       take_completed(vc, copies, source, once, counter, basis) :
		       vc->time_error;
}

int vmclock_check_basis(const struct basis *basis, uint64_t counter)
{
	int ret = vmclock_calc_usable(&basis->s, COUNTER_ID);

	if (!ret && basis->completed &&
	    vmclock_completed_is_before(&basis->s, counter, basis->first))
		ret = -ERANGE;
	return ret;
}
