/* SPDX-License-Identifier: MIT */
/* The folder of a file. */
#ifndef VMCLOCK_SIM_FOLDER_H
#define VMCLOCK_SIM_FOLDER_H

/* To be freed; NULL: there is no memory. */
char *folder_of(const char *path);

#endif /* VMCLOCK_SIM_FOLDER_H */
