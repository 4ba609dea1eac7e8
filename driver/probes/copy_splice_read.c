// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.5: generic_file_splice_read() went, this came for devices. */
#include <linux/fs.h>

SYMBOL(copy_splice_read);
