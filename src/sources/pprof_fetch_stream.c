/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many files: each is merged and forgotten while others are being read, so that
 * a few of them are in memory at a time, and still in the caches when they are
 * merged. As long as they have the same types; what has others is left to the
 * usual way.
 */
#include "base/thread.h"
#include "base/vec.h"
#include "evidence/profile_merge.h"
#include "evidence/profile_units.h"
#include "sources/pprof_fetch_internal.h"

#include <pthread.h>

/* Files that are read ahead of the merge, for each processor. */
#define AHEAD 3
#define MAX_READERS 8
/* pprof merges so many, then those with what it has: times show it. */
#define CHUNK 128

struct stream {
    struct lg_pprof_grab *grabs;
    bool *is_done;
    size_t count, next, consumed, ahead;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

struct mixer {
    struct lg_arena *arena;
    struct lg_merger *merger; /* from the second profile on */
    struct lg_profile first;
    struct lg_pprof_grab *first_grab;
    size_t got, chunk;
    int64_t chunk_time_ns, time_ns;
    bool has_chunk;
};

/* Next file that may be read; locked. */
static bool take(struct stream *s, size_t *index_ret)
{
    if (s->next >= s->count || s->next >= s->consumed + s->ahead)
        return false;
    *index_ret = s->next++;
    return true;
}

/* Reads one; locked before and after. */
static void read_one(struct stream *s, size_t index)
{
    pthread_mutex_unlock(&s->lock);
    lg_pprof_grab_run(&s->grabs[index]);
    pthread_mutex_lock(&s->lock);
    s->is_done[index] = true;
    pthread_cond_broadcast(&s->changed);
}

static void *read_ahead(void *context)
{
    struct stream *s = context;
    size_t index;
    pthread_mutex_lock(&s->lock);
    while (s->next < s->count) {
        if (take(s, &index))
            read_one(s, index);
        else
            pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Until file `index` is read; reads others meanwhile. */
static void await(struct stream *s, size_t index)
{
    size_t other;
    pthread_mutex_lock(&s->lock);
    while (!s->is_done[index]) {
        if (take(s, &other))
            read_one(s, other);
        else
            pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

static void set_consumed(struct stream *s, size_t consumed, size_t ahead)
{
    pthread_mutex_lock(&s->lock);
    s->consumed = consumed;
    s->ahead = ahead;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static int64_t earlier(int64_t so_far, int64_t time_ns)
{
    return so_far == 0 || time_ns < so_far ? time_ns : so_far;
}

static void end_chunk(struct mixer *x)
{
    if (x->has_chunk)
        x->time_ns = earlier(x->time_ns, x->chunk_time_ns);
    x->has_chunk = false;
    x->chunk_time_ns = 0;
}

static void note_time(struct mixer *x, size_t index, int64_t time_ns)
{
    if (index / CHUNK != x->chunk)
        end_chunk(x);
    x->chunk = index / CHUNK;
    x->has_chunk = true;
    x->chunk_time_ns = earlier(x->chunk_time_ns, time_ns);
}

/* Whether what pprof does to make two profiles fit changes neither's types. *p
 * gets the period that comes of it. */
static bool fits(const struct lg_profile *first, struct lg_profile *p,
                 struct lg_arena *arena)
{
    struct lg_profile pair[] = {*first, *p};
    if (!lg_profile_compatible(first, p, NULL) ||
        !lg_profile_common_types(pair, 2, arena, NULL) ||
        pair[1].types.items != p->types.items ||
        !lg_profile_common_units(pair, 2, arena, NULL))
        return false;
    p->period = pair[1].period;
    return true;
}

static bool add(struct mixer *x, struct lg_pprof_grab *g, size_t expected,
                struct lg_error *err)
{
    if (x->got++ == 0) {
        x->first = g->profile;
        x->first_grab = g;
        return true;
    }
    if (x->merger == NULL) {
        struct lg_profile first = x->first;
        x->merger = lg_merger_create(x->arena, expected, true);
        if (x->merger == NULL)
            return lg_fail_nomem(err);
        (void)fits(&g->profile, &first, x->arena); /* the period */
        if (!lg_merger_add(x->merger, &first, err))
            return false;
    }
    if (!lg_merger_add(x->merger, &g->profile, err))
        return false;
    lg_arena_deinit(g->arena);
    return true;
}

/* The files in order, up to the first that doesn't fit; *at_ret: how many. */
static bool consume(struct stream *s, struct mixer *x, size_t *at_ret,
                    struct lg_error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        struct lg_pprof_grab *g = &s->grabs[i];
        *at_ret = i;
        await(s, i);
        if (g->ok && x->got != 0 && !fits(&x->first, &g->profile, x->arena))
            return true;
        if (g->ok) {
            note_time(x, i, g->profile.time_ns);
            if (!add(x, g, s->count - i + 1, err))
                return false;
        }
        set_consumed(s, i + 1, s->ahead);
    }
    *at_ret = s->count;
    return true;
}

/* What was merged stands for the files that it was made of. */
static bool settle(struct mixer *x, struct lg_pprof_grab *grabs, size_t at,
                   struct lg_error *err)
{
    struct lg_profile sum;
    if (x->merger == NULL)
        return true;
    end_chunk(x);
    if (!lg_merger_finish(x->merger, &sum, err))
        return false;
    sum.time_ns = x->time_ns;
    for (size_t i = 0; i < at; i++)
        grabs[i].is_merged = grabs[i].ok && &grabs[i] != x->first_grab;
    x->first_grab->profile = sum;
    return true;
}

static unsigned start_readers(struct stream *s, pthread_t readers[MAX_READERS])
{
    size_t wanted = lg_processor_count();
    unsigned count = 0;
    for (size_t i = 1; i < wanted && i < MAX_READERS; i++)
        if (lg_thread_start(&readers[count], read_ahead, s))
            count++;
    s->ahead = (size_t)AHEAD * (count + 1);
    return count;
}

bool lg_pprof_fetch_stream(struct lg_pprof_grab *grabs, size_t count,
                           struct lg_arena *arena, struct lg_error *err)
{
    struct stream s = {.grabs = grabs,
                       .count = count,
                       .is_done = lg_new(arena, bool, count),
                       .ahead = AHEAD,
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .changed = PTHREAD_COND_INITIALIZER};
    struct mixer x = {.arena = arena};
    pthread_t readers[MAX_READERS];
    size_t at = 0;
    if (s.is_done == NULL)
        return lg_fail_nomem(err);
    unsigned reader_count = start_readers(&s, readers);
    bool ok = consume(&s, &x, &at, err);
    set_consumed(&s, count, count);
    for (size_t i = at; i < count; i++)
        await(&s, i);
    for (unsigned i = 0; i < reader_count; i++)
        pthread_join(readers[i], NULL);
    ok = ok && settle(&x, grabs, at, err);
    lg_merger_destroy(x.merger);
    return ok;
}
