// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "listener.h"
#include "tool.h"

/* A lock is held for microseconds only: so many tries, 10 ms apart. */
#define TRIES	200
#define TRY_NS	10000000

static struct {
	int fd;
	const char *path;	/* NULL: there is no name to remove */
	dev_t dev;
	ino_t ino;
} listener = { .fd = -1 };

static int address_of(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path) {
		/* Such an address would be no file. */
		fprintf(stderr, TOOL ": the path of the socket is empty; give one\n");
		return -1;
	}
	if (strlen(path) >= sizeof(address->sun_path)) {
		fprintf(stderr, TOOL ": %s is too long a path for a socket (at most %zu bytes)\n",
			path, sizeof(address->sun_path) - 1);
		return -1;
	}
	strcpy(address->sun_path, path);
	return 0;
}

static int cannot_make(const char *path)
{
	fprintf(stderr, TOOL ": cannot make the socket %s: %s\n", path, strerror(errno));
	return -1;
}

/*
 * Only one simulator at a time makes a socket in a folder. Else one could take the
 * socket of another, which does not listen yet, for one that was left behind.
 * Returns a descriptor to close, or -1 with a line on stderr.
 */
static int lock_folder(const char *path)
{
	const struct timespec rest = { .tv_nsec = TRY_NS };
	char *folder = folder_of(path);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int i;

	free(folder);
	if (fd < 0)
		return cannot_make(path);
	for (i = 0; i < TRIES; i++) {
		/* Some network filesystems have no such lock. */
		if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
			return fd;
		nanosleep(&rest, NULL);
	}
	close(fd);
	fprintf(stderr,
		TOOL ": another program holds a lock on the folder of the socket %s; name another "
		     "folder\n",
		path);
	return -1;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

/* Is this the socket of an earlier simulator? Then nobody listens. */
static bool left_behind(const struct sockaddr_un *address)
{
	bool dead;
	int fd;

	if (!is_socket(address->sun_path))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	dead = connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
	       errno == ECONNREFUSED;
	close(fd);
	return dead;
}

static int say_taken(const char *path)
{
	if (is_socket(path))
		fprintf(stderr,
			TOOL ": another program listens at %s; end it, or name another socket\n", path);
	else
		fprintf(stderr, TOOL ": cannot make the socket %s: it exists and is no socket; name "
				     "another path\n",
			path);
	return -1;
}

/* Only the user who started us may connect. */
static int bind_privately(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int ret = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	umask(mask);
	return ret;
}

/* The folder is locked. */
static int bind_and_listen(int fd, const struct sockaddr_un *address, const char *path, int clients)
{
	struct stat st;
	int ret = bind_privately(fd, address);

	if (ret && errno == EADDRINUSE) {
		if (!left_behind(address))
			return say_taken(path);
		ret = unlink(path) ? -1 : bind_privately(fd, address);
	}
	if (ret)
		return cannot_make(path);
	if (!lstat(path, &st)) {
		listener.path = path;
		listener.dev = st.st_dev;
		listener.ino = st.st_ino;
	}
	return listen(fd, clients) ? cannot_make(path) : 0;
}

int sim_listener_open(const char *path, int clients)
{
	struct sockaddr_un address;
	int folder, ret;

	if (address_of(&address, path))
		return -1;
	listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener.fd < 0)
		return cannot_make(path);
	folder = lock_folder(path);
	if (folder < 0)
		return -1;
	ret = bind_and_listen(listener.fd, &address, path, clients);
	close(folder);
	return ret ? -1 : listener.fd;
}

void sim_listener_close(void)
{
	struct stat st;

	if (listener.path && !lstat(listener.path, &st) && st.st_dev == listener.dev &&
	    st.st_ino == listener.ino)
		unlink(listener.path);
	if (listener.fd >= 0)
		close(listener.fd);
}

int sim_listener_connect(const char *path, int patience)
{
	const struct timeval limit = { .tv_sec = patience };
	struct sockaddr_un address;
	int fd;

	if (address_of(&address, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) &&
	    !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	/* The queue of those who connect is full. */
	if (errno == EAGAIN)
		fprintf(stderr, TOOL ": the simulator does not answer within %d s: is it stopped?\n",
			patience);
	else
		fprintf(stderr, TOOL ": no simulator listens at %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
