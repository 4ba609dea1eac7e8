// SPDX-License-Identifier: GPL-2.0-or-later
/* The misc device: read, mmap and poll of the page. */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/personality.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "compat.h"
#include "internal.h"

struct vmclock_file {
	struct vmclock *vc;
	seqlock_t lock;			/* guards seen, the state that poll compares with */
	struct vmclock_page_state seen;
};

static int vmclock_file_open(struct inode *inode, struct file *file)
{
	struct vmclock *vc = container_of(file->private_data, struct vmclock, misc);
	struct vmclock_file *vf;

	vf = kzalloc(sizeof(*vf), GFP_KERNEL);
	if (!vf)
		return -ENOMEM;

	/* A file is readable until its first read, unless the count is 0; as in-tree. */
	seqlock_init(&vf->lock);
	vf->seen = vmclock_page_state_now(vc);
	vf->seen.seq = 0;

	/* misc_open() keeps the device registered, and so referenced, until here. */
	kref_get(&vc->ref);
	vf->vc = vc;
	file->private_data = vf;
	file->f_mode |= FMODE_NOWAIT;
	return 0;
}

static int vmclock_file_release(struct inode *inode, struct file *file)
{
	struct vmclock_file *vf = file->private_data;

	vmclock_put(vf->vc);
	kfree(vf);
	return 0;
}

static loff_t vmclock_llseek(struct file *file, loff_t offset, int whence)
{
	struct vmclock_file *vf = file->private_data;

	return fixed_size_llseek(file, offset, whence, vf->vc->len);
}

static bool vmclock_acknowledged(struct vmclock_file *vf, const struct vmclock_page_state *state)
{
	unsigned int version;
	bool same;

	do {
		version = read_seqbegin(&vf->lock);
		same = vmclock_same(state, &vf->seen);
	} while (read_seqretry(&vf->lock, version));
	return same;
}

/* Most reads see the same state as the last read; then there is nothing to write. */
static void vmclock_acknowledge(struct vmclock_file *vf, const struct vmclock_page_state *state)
{
	if (vmclock_acknowledged(vf, state))
		return;
	write_seqlock(&vf->lock);
	vf->seen = *state;
	write_sequnlock(&vf->lock);
	vmclock_watch_known(vf->vc, state);
}

/*
 * A read acknowledges the state even at the end of the file. Otherwise poll()
 * would report the file readable for ever to a program that does not seek. But the
 * end is the end, even in the middle of an update.
 */
static ssize_t vmclock_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vmclock_file *vf = iocb->ki_filp->private_data;
	struct vmclock *vc = vf->vc;
	loff_t pos = min_t(loff_t, iocb->ki_pos, vc->len);
	bool at_end = pos == vc->len;
	bool wait = !(at_end || iocb->ki_flags & IOCB_NOWAIT ||
		      iocb->ki_filp->f_flags & O_NONBLOCK);
	size_t count = min_t(size_t, iov_iter_count(to), vc->len - pos);
	struct vmclock_page_state state;
	ssize_t ret;

	if (vmclock_gone(vc))
		return -ENODEV;
	ret = vmclock_copy_to_iter(vc, to, pos, count, wait ? VMCLOCK_UPDATE_MS : 0, &state);
	if (ret == -ETIMEDOUT && !wait)
		return at_end ? 0 : -EAGAIN;
	if (ret < 0)
		return ret;

	iocb->ki_pos += ret;
	vmclock_acknowledge(vf, &state);
	return ret;
}

/* An update in progress does not make the file readable yet. */
static bool vmclock_is_news(struct vmclock_file *vf, const struct vmclock_page_state *now)
{
	return !(now->seq & 1) && !vmclock_acknowledged(vf, now);
}

static __poll_t vmclock_poll(struct file *file, poll_table *table)
{
	struct vmclock_file *vf = file->private_data;
	struct vmclock *vc = vf->vc;
	struct vmclock_page_state now;

	poll_wait(file, &vc->wait, table);
	if (vmclock_gone(vc))
		return EPOLLERR | EPOLLHUP;
	now = vmclock_page_state_now(vc);
	/* The caller may sleep even if we answer "readable": epoll stays in the queue. */
	if (waitqueue_active(&vc->wait))
		vmclock_watch_waiter(vc, &now);
	return vmclock_is_news(vf, &now) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int vmclock_fasync(int fd, struct file *file, int on)
{
	struct vmclock_file *vf = file->private_data;
	struct vmclock *vc = vf->vc;
	struct vmclock_page_state now;
	int ret = fasync_helper(fd, file, on, &vc->fasync);

	if (ret <= 0)
		return ret;
	now = vmclock_page_state_now(vc);
	vmclock_watch_waiter(vc, &now);
	/* By look_lock: vmclock_watch_stop() finds the entry, or the device is seen gone here. */
	if (on && vmclock_gone(vc))
		kill_fasync(&vc->fasync, SIGIO, POLL_HUP);
	return ret;
}

static int vmclock_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vmclock_file *vf = file->private_data;
	struct vmclock *vc = vf->vc;

	if (vma->vm_flags & VM_WRITE)
		return -EROFS;
	/* -EPERM as on a noexec mount. READ_IMPLIES_EXEC sets VM_EXEC unasked: allow it. */
	if (vma->vm_flags & VM_EXEC && !(current->personality & READ_IMPLIES_EXEC))
		return -EPERM;
	if (vmclock_gone(vc))
		return -ENODEV;
	if (!vc->mappable || vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;

	/* Otherwise mprotect(2) could make the page writable or executable later. */
	vm_flags_clear(vma, VM_EXEC | VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);

	return io_remap_pfn_range(vma, vma->vm_start, PHYS_PFN(vc->phys), PAGE_SIZE,
				  vma->vm_page_prot);
}

const struct file_operations vmclock_fops = {
	.owner		= THIS_MODULE,
	.open		= vmclock_file_open,
	.release	= vmclock_file_release,
	.llseek		= vmclock_llseek,
	.read_iter	= vmclock_read_iter,
	.splice_read	= copy_splice_read,
	.poll		= vmclock_poll,
	.fasync		= vmclock_fasync,
	.mmap		= vmclock_mmap,
};
