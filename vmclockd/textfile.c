// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "textfile.h"
#include "thread.h"

/* s: how long textfile_stop() waits for the last text. */
#define LAST_WAIT 1

/* Besides negative errno values. */
#define NOT_A_FILE 1

/* ---- Writing ------------------------------------------------------------------------- */

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t wrote;

	while (left) {
		wrote = write(fd, text, left);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote ? -errno : -EIO;
		text += wrote;
		left -= (size_t)wrote;
	}
	return 0;
}

/* A device or a pipe, also one that a link such as /dev/stdout leads to, is for other programs. */
static bool may_replace(const char *path)
{
	struct stat st;

	return stat(path, &st) || S_ISREG(st.st_mode);
}

/*
 * Other users may own the folder, so this opens no file of theirs and follows no
 * link. Removes the unfinished file of an earlier vmclockd.
 */
static int write_file(const struct textfile *file, const char *text)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int ret, fd;

	if (!may_replace(file->path))
		return NOT_A_FILE;
	fd = open(file->unfinished, flags, 0644);
	if (fd < 0 && errno == EEXIST && !unlink(file->unfinished))
		fd = open(file->unfinished, flags, 0644);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, text);
	/* Everybody may read it, whatever the umask. */
	if (!ret && fchmod(fd, 0644))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(file->unfinished, file->path))
		ret = -errno;
	if (ret)
		unlink(file->unfinished);
	return ret;
}

static const char *reason(int error)
{
	return error == NOT_A_FILE ? "it is not a regular file" : strerror(-error);
}

static void renew(struct textfile *file, const char *text)
{
	int ret = write_file(file, text);

	if (ret && ret != file->told)
		say(LOG_WARNING, "cannot write %s: %s%s: the metrics there are not renewed",
		    file->path, reason(ret),
		    ret == -EROFS ? " (for a unit of systemd's: ReadWritePaths=)" : "");
	else if (!ret && file->told)
		say(LOG_NOTICE, "%s is renewed again", file->path);
	file->told = ret;
}

/* ---- The thread ---------------------------------------------------------------------- */

/* Waits for a text; NULL: there will be no more texts. */
static char *next_text(struct textfile *file)
{
	char *text;

	pthread_mutex_lock(&file->lock);
	while (!file->text && !file->ending)
		pthread_cond_wait(&file->changed, &file->lock);
	text = file->text;
	file->text = NULL;
	pthread_mutex_unlock(&file->lock);
	return text;
}

static void *writer(void *data)
{
	struct textfile *file = data;
	char *text;

	while ((text = next_text(file))) {
		renew(file, text);
		free(text);
	}
	return NULL;
}

int textfile_start(struct textfile *file, const char *path)
{
	int ret;

	*file = (struct textfile){
		.path = path,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	/* node_exporter does not read a file with such a name. */
	if (asprintf(&file->unfinished, "%s.tmp", path) < 0)
		return -ENOMEM;
	ret = thread_start(&file->writer, writer, file);
	if (ret)
		free(file->unfinished);
	return ret;
}

static void wake(struct textfile *file, char *text, bool ending)
{
	char *unwritten;

	pthread_mutex_lock(&file->lock);
	unwritten = file->text;
	if (text)
		file->text = text;
	else
		unwritten = NULL;
	file->ending = ending;
	pthread_cond_signal(&file->changed);
	pthread_mutex_unlock(&file->lock);
	free(unwritten);
}

void textfile_put(struct textfile *file, char *text)
{
	wake(file, text, false);
}

void textfile_stop(struct textfile *file)
{
	struct timespec until;

	wake(file, NULL, true);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LAST_WAIT;
	/* Do not wait for a disk that hangs: the thread ends with the process. */
	if (!pthread_clockjoin_np(file->writer, NULL, CLOCK_MONOTONIC, &until))
		free(file->unfinished);
}
