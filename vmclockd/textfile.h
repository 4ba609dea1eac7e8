/* SPDX-License-Identifier: MIT */
/*
 * A file that is always whole: each text replaces the last one. A thread writes
 * the file, because a disk may be slow (a frozen one until it is thawed), and a
 * reaction must not wait.
 */
#ifndef VMCLOCKD_TEXTFILE_H
#define VMCLOCKD_TEXTFILE_H

#include <pthread.h>
#include <stdbool.h>

struct textfile {
	const char *path;
	char *unfinished;		/* the path of the next file, in the same folder */
	pthread_t writer;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *text;			/* the text to write; NULL: none */
	bool ending;
	int told;			/* the error that was logged last: logged only once */
};

/* Returns 0 or a negative errno value. The caller must keep @path. */
int textfile_start(struct textfile *file, const char *path);

/* Takes ownership of @text, from malloc(3). It replaces a text that is still waiting. */
void textfile_put(struct textfile *file, char *text);

/* Stops the thread. The last text is still written, unless this takes long. */
void textfile_stop(struct textfile *file);

#endif /* VMCLOCKD_TEXTFILE_H */
