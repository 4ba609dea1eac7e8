// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.5: generic_file_splice_read() went, this came for devices. */
#include <linux/fs.h>

static const struct file_operations probe_fops __maybe_unused = {
	FEATURE(.splice_read = copy_splice_read)
};
