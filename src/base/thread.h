/* SPDX-License-Identifier: Apache-2.0 */
/* Concept: a thread of its own, and how many can run at a time. */
#ifndef LG_BASE_THREAD_H
#define LG_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Processors that this process may run on; at least 1. */
size_t lg_processor_count(void);
/* A thread that begins on another processor than the caller's, if there is one:
 * schedulers that pack let it wait for milliseconds behind the caller. Work of
 * that length is over by then. It may move afterwards. To be joined. false: not
 * started. */
bool lg_thread_start(pthread_t *thread_ret, void *(*run)(void *context),
                     void *context);
/* It never runs on that processor, for it will be woken again and again. Starts
 * no threads; detached. */
bool lg_thread_start_elsewhere(void *(*run)(void *context), void *context);

#endif
