// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.3: vma->vm_flags became read-only, changed through helpers. */
#include <linux/mm.h>

SYMBOL(vm_flags_clear);
