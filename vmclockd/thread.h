/* SPDX-License-Identifier: MIT */
/* Threads beside the main one. */
#ifndef VMCLOCKD_THREAD_H
#define VMCLOCKD_THREAD_H

#include <pthread.h>

/**
 * thread_start() - start a thread with all signals blocked: the main thread handles them
 * @thread:	receives the thread
 * @run:	the thread's function, which has only a small stack
 * @data:	the argument of @run
 *
 * Return: 0 or a negative errno value.
 */
int thread_start(pthread_t *thread, void *(*run)(void *), void *data);

#endif /* VMCLOCKD_THREAD_H */
