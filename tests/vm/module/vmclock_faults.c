// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module that commits the fault that its parameter names, so that the laboratory can
 * show which faults its kernels report. It never stays loaded.
 */
#include <linux/debugobjects.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static char *fault = "";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "What to do wrong");

/* Zero, but the compiler must not know. */
static volatile int zero;
static volatile int forty = 40;

static int use_after_free(void)
{
	volatile char *memory = kmalloc(64, GFP_KERNEL);

	if (!memory)
		return -ENOMEM;
	kfree((void *)memory);
	return memory[forty] & 1;
}

static int beyond_vmalloc(void)
{
	volatile char *memory = vmalloc(100);
	int byte;

	if (!memory)
		return -ENOMEM;
	byte = memory[100 + zero];
	vfree((void *)memory);
	return byte & 1;
}

static int beyond_stack(void)
{
	volatile char memory[16] = "";

	return memory[forty - 24] & 1;
}

static int shift(void)
{
	return (1 << forty) & 1;
}

static int beyond_array(void)
{
	static int array[4];

	return array[forty / 8] & 1;
}

static int sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
	return 0;
}

static int circular_locking(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(two);

	mutex_lock(&one);
	mutex_lock(&two);
	mutex_unlock(&two);
	mutex_unlock(&one);

	mutex_lock(&two);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&two);
	return 0;
}

static int unlock_twice(void)
{
	static DEFINE_MUTEX(lock);

	mutex_lock(&lock);
	mutex_unlock(&lock);
	mutex_unlock(&lock);
	return 0;
}

static int rcu_outside(void)
{
	static int __rcu *pointer;

	return rcu_dereference(pointer) != NULL;
}

static int lock_without_key(void)
{
	spinlock_t *lock = kzalloc(sizeof(*lock), GFP_KERNEL);

	if (!lock)
		return -ENOMEM;
	spin_lock(lock);
	spin_unlock(lock);
	kfree(lock);
	return 0;
}

static void expired(struct timer_list *timer)
{
}

static int free_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return -ENOMEM;
	timer_setup(timer, expired, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	/* The kernel reports the fault here, and stops the timer. */
	kfree(timer);
	return 0;
}

static void work(struct work_struct *item)
{
}

static int free_work(void)
{
	struct delayed_work *item = kmalloc(sizeof(*item), GFP_KERNEL);

	if (!item)
		return -ENOMEM;
	INIT_DELAYED_WORK(item, work);
	schedule_delayed_work(item, 3600 * HZ);
	kfree(item);
	return 0;
}

static int refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
	return 0;
}

static int list(void)
{
	LIST_HEAD(head);
	LIST_HEAD(one);
	LIST_HEAD(other);

	list_add(&one, &head);
	one.prev = &other;
	list_del(&one);
	return 0;
}

static int leak(void)
{
	volatile char *memory;
	int i;

	/* Some addresses stay in registers or on a stack. */
	for (i = 0; i < 20; i++) {
		memory = kmalloc(72, GFP_KERNEL);
		if (!memory)
			return -ENOMEM;
		memory[0] = 1;
	}
	return 0;
}

/* An ordinary mapping, because the kernel does not count those of remap_pfn_range(). */
static int map_page(pte_t *pte, unsigned long address, void *page)
{
	set_pte_at(current->mm, address, pte, mk_pte(page, vm_get_page_prot(VM_READ | VM_SHARED)));
	return 0;
}

/* Frees a page while the process of modprobe still has it mapped. */
static int free_mapped_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long address;
	int ret;

	if (!page)
		return -ENOMEM;
	address = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(address))
		return (int)address;
	mmap_write_lock(current->mm);
	ret = apply_to_page_range(current->mm, address, PAGE_SIZE, map_page, page);
	mmap_write_unlock(current->mm);
	__free_page(page);
	return ret;
}

static unsigned long raced;

static int race_thread(void *unused)
{
	while (!kthread_should_stop()) {
		raced++;
		barrier();
		cond_resched();
	}
	return 0;
}

static int race(void)
{
	struct task_struct *threads[2];
	int i;

	for (i = 0; i < 2; i++)
		threads[i] = kthread_run(race_thread, NULL, "race/%d", i);
	msleep(3000);
	for (i = 0; i < 2; i++) {
		if (!IS_ERR(threads[i]))
			kthread_stop(threads[i]);
	}
	return 0;
}

static int warn(void)
{
	WARN(1, "as it was asked to\n");
	return 0;
}

static const struct {
	const char *name;
	int (*commit)(void);
} faults[] = {
	{ "use-after-free", use_after_free },
	{ "beyond-vmalloc", beyond_vmalloc },
	{ "beyond-stack", beyond_stack },
	{ "shift", shift },
	{ "beyond-array", beyond_array },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "circular-locking", circular_locking },
	{ "unlock-twice", unlock_twice },
	{ "rcu-outside", rcu_outside },
	{ "lock-without-key", lock_without_key },
	{ "free-timer", free_timer },
	{ "free-work", free_work },
	{ "refcount", refcount },
	{ "list", list },
	{ "leak", leak },
	{ "free-mapped-page", free_mapped_page },
	{ "race", race },
	{ "warn", warn },
};

static int __init vmclock_faults_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(faults[i].name, fault)) {
			pr_info("did %s: %d\n", fault, faults[i].commit());
			return -EAGAIN;
		}
	}
	return -EINVAL;
}
module_init(vmclock_faults_init);

MODULE_DESCRIPTION("Faults for the VMClock laboratory's kernels to find");
MODULE_LICENSE("GPL");
