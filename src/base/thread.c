/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <sched.h>
#include <stdlib.h>

/* As it was when it was asked for first. */
static pthread_once_t looked_up = PTHREAD_ONCE_INIT;
static cpu_set_t processors;
static size_t processor_count = 1;

static void look_up(void)
{
    CPU_ZERO(&processors);
    if (sched_getaffinity(0, sizeof processors, &processors) == 0 &&
        CPU_COUNT(&processors) > 0)
        processor_count = (size_t)CPU_COUNT(&processors);
}

size_t lg_processor_count(void)
{
    (void)pthread_once(&looked_up, look_up);
    return processor_count;
}

/* false: nothing is set, there is no other processor. */
static bool set_elsewhere(pthread_attr_t *attr)
{
    int here = sched_getcpu();
    if (lg_processor_count() < 2 || here < 0)
        return false;
    cpu_set_t others = processors;
    CPU_CLR((size_t)here, &others);
    return CPU_COUNT(&others) > 0 &&
           pthread_attr_setaffinity_np(attr, sizeof others, &others) == 0;
}

struct start {
    void *(*run)(void *context);
    void *context;
    bool may_move;
};

/* Once it has begun elsewhere, it may go where it likes; so may the threads
 * that it starts. */
static void *begin(void *context)
{
    struct start start = *(struct start *)context;
    free(context);
    if (start.may_move)
        (void)sched_setaffinity(0, sizeof processors, &processors);
    return start.run(start.context);
}

static bool start_thread(pthread_t *thread_ret, void *(*run)(void *context),
                         void *context, bool stays)
{
    pthread_attr_t attr;
    struct start *start = malloc(sizeof *start);
    if (start == NULL)
        return false;
    if (pthread_attr_init(&attr) != 0) {
        free(start);
        return false;
    }
    *start = (struct start){run, context, set_elsewhere(&attr) && !stays};
    if (stays)
        (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool ok = pthread_create(thread_ret, &attr, begin, start) == 0;
    pthread_attr_destroy(&attr);
    if (!ok)
        free(start);
    return ok;
}

bool lg_thread_start(pthread_t *thread_ret, void *(*run)(void *context),
                     void *context)
{
    return start_thread(thread_ret, run, context, false);
}

bool lg_thread_start_elsewhere(void *(*run)(void *context), void *context)
{
    pthread_t ignored;
    return start_thread(&ignored, run, context, true);
}
