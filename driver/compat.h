/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What older kernels lack, under the name that the newest one gives it.
 * This file and the probes behind features.h are the only ones that know
 * kernels differ.
 */
#ifndef VMCLOCK_COMPAT_H
#define VMCLOCK_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>

#include "features.h"

#ifndef HAVE_VM_FLAGS_CLEAR
static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#ifndef HAVE_COPY_SPLICE_READ
#define copy_splice_read generic_file_splice_read
#endif

#endif /* VMCLOCK_COMPAT_H */
