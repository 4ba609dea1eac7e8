// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/run-layout.h"
#include "run-files.h"

void run_files_of(const struct check_device *device, struct run_files *run)
{
	const char *folder = secure_getenv("VMCLOCK_RUN_DIR");
	const char *name = strrchr(device->path, '/');

	*run = (struct run_files){ .own = folder && *folder };
	/* As in vmclock_open(): vmclockd vouches for a device, and not for a page file. */
	if (device->kind != CHECK_DEVICE && !run->own)
		return;
	snprintf(run->folder, sizeof(run->folder), "%s", run->own ? folder : VMCLOCK_RUN_FOLDER);
	snprintf(run->completed, sizeof(run->completed), "%s/%s", run->folder,
		 name ? name + 1 : device->path);
}
