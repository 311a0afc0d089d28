/* SPDX-License-Identifier: Apache-2.0 */
#include "base/helper.h"

#include "base/thread.h"

#include <time.h>

/* How long a helper waits for more to do. */
#define STAY_NS 2000000L
#define NS_PER_S 1000000000L
/* Some 50 µs: who helps is nearly always done by then. */
#define SPINS 1200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static struct lg_helper *handed; /* not taken yet, by the idle one */
static bool is_idle;             /* a helper waits, and nothing is handed */
static atomic_size_t busy;       /* callers and helpers */

static void pause_a_little(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* Helpers stay with the parent. */
static void after_fork_in_child(void)
{
    work = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    done = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    handed = NULL;
    is_idle = false;
    atomic_store(&busy, 0);
    pthread_mutex_unlock(&lock);
}

static void mind_forks(void)
{
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

static struct timespec stay_until(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += STAY_NS;
    t.tv_sec += t.tv_nsec / NS_PER_S;
    t.tv_nsec %= NS_PER_S;
    return t;
}

/* With the lock. NULL: nothing more to do, or another waits already. */
static struct lg_helper *wait_for_more(void)
{
    struct timespec until = stay_until();
    if (is_idle || handed != NULL)
        return NULL;
    is_idle = true;
    while (handed == NULL && pthread_cond_timedwait(&work, &lock, &until) == 0)
        continue;
    struct lg_helper *h = handed;
    handed = NULL;
    is_idle = false;
    return h;
}

static void *help(void *first)
{
    for (struct lg_helper *h = first; h != NULL;) {
        h->run(h->context);
        bool stays = h->stays;
        pthread_mutex_lock(&lock);
        atomic_store(&h->is_done, true); /* the caller may be gone now */
        pthread_cond_broadcast(&done);
        h = stays ? wait_for_more() : NULL;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static bool hand_over(struct lg_helper *h)
{
    pthread_mutex_lock(&lock);
    bool ok = is_idle && handed == NULL;
    if (ok) {
        handed = h;
        pthread_cond_signal(&work);
    }
    pthread_mutex_unlock(&lock);
    return ok;
}

void lg_helper_begin(struct lg_helper *h, void *(*run)(void *context),
                     void *context, enum lg_helper_then then)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, mind_forks);
    size_t now = atomic_fetch_add(&busy, 1) + 1;
    h->has_begun = true;
    h->run = run;
    h->context = context;
    h->stays = then == LG_HELPER_STAYS;
    atomic_store(&h->is_done, false);
    h->is_started = now < lg_processor_count() &&
                    (hand_over(h) || lg_thread_start_elsewhere(help, h));
    if (h->is_started)
        atomic_fetch_add(&busy, 1);
}

static void wait_until_done(struct lg_helper *h)
{
    for (int i = 0; i < SPINS && !atomic_load(&h->is_done); i++)
        pause_a_little();
    if (atomic_load(&h->is_done))
        return;
    pthread_mutex_lock(&lock);
    while (!atomic_load(&h->is_done))
        pthread_cond_wait(&done, &lock);
    pthread_mutex_unlock(&lock);
}

void lg_helper_end(struct lg_helper *h)
{
    if (!h->has_begun)
        return;
    if (h->is_started)
        wait_until_done(h);
    atomic_fetch_sub(&busy, h->is_started ? 2 : 1);
}

bool lg_helpers_crowd(void)
{
    return atomic_load(&busy) > lg_processor_count();
}
