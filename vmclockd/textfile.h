/* SPDX-License-Identifier: MIT */
/*
 * A file that is always whole: each text takes the place of the last one. A
 * thread writes it, for a disk may take its time (a frozen one until it is
 * thawed), and whoever sets the clock right has none to lose.
 */
#ifndef VMCLOCKD_TEXTFILE_H
#define VMCLOCKD_TEXTFILE_H

#include <pthread.h>
#include <stdbool.h>

struct textfile {
	const char *path;
	char *unfinished;		/* the path of the next one, in the same folder */
	pthread_t writer;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *text;			/* to be written; NULL: nothing is */
	bool ending;
	int told;			/* the error that was told last, so that it is not told again */
};

/* Returns 0 or a negative errno value. @path stays the caller's, and there. */
int textfile_start(struct textfile *file, const char *path);

/* Takes @text, which is from malloc(3), in place of one that is still waiting. */
void textfile_put(struct textfile *file, char *text);

/* The last text is written, if that does not take long. */
void textfile_stop(struct textfile *file);

#endif /* VMCLOCKD_TEXTFILE_H */
