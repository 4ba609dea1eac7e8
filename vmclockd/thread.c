// SPDX-License-Identifier: MIT
/* Threads beside the main one. */
#include <signal.h>

#include "thread.h"

/* Small, because all of the stack is locked memory. */
#define STACK_SIZE 65536

int thread_start(pthread_t *thread, void *(*run)(void *), void *data)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int ret = pthread_attr_init(&attr);

	if (ret)
		return -ret;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(thread, &attr, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -ret;
}
