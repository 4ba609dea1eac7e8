// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux 6.5: generic_file_splice_read() went, this came for devices. */
#include <linux/fs.h>

static const struct file_operations __maybe_unused probe_copy_splice_read = {
	FEATURE(.splice_read = copy_splice_read)
};
