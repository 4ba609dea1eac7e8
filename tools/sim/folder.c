// SPDX-License-Identifier: MIT
#include <string.h>

#include "folder.h"

char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}
