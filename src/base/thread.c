/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <sched.h>

/* Looked up once: threads that begin elsewhere may run on one less. */
static pthread_once_t counted = PTHREAD_ONCE_INIT;
static size_t processors = 1;

static void count_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        processors = (size_t)CPU_COUNT(&set);
}

size_t lg_processor_count(void)
{
    (void)pthread_once(&counted, count_processors);
    return processors;
}

/* Everything that this process may run on but the caller's processor. */
static void begin_elsewhere(pthread_attr_t *attr)
{
    cpu_set_t set;
    int here = sched_getcpu();
    CPU_ZERO(&set);
    if (here < 0 || sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    CPU_CLR((size_t)here, &set);
    if (CPU_COUNT(&set) > 0)
        (void)pthread_attr_setaffinity_np(attr, sizeof set, &set);
}

bool lg_thread_start(pthread_t *thread_ret, void *(*run)(void *context),
                     void *context)
{
    pthread_attr_t attr;
    pthread_t thread;
    if (pthread_attr_init(&attr) != 0)
        return false;
    begin_elsewhere(&attr);
    if (thread_ret == NULL)
        (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool ok = pthread_create(thread_ret != NULL ? thread_ret : &thread, &attr,
                             run, context) == 0;
    pthread_attr_destroy(&attr);
    return ok;
}
