// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.3: vma->vm_flags became read-only, changed through helpers. */
#include <linux/mm.h>

static void __maybe_unused probe_vm_flags_clear(struct vm_area_struct *vma)
{
	FEATURE(vm_flags_clear(vma, VM_MAYWRITE));
}
