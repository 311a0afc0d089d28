/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_fetch.h"

#include "base/thread.h"
#include "base/vec.h"
#include "evidence/profile_filter.h"
#include "evidence/profile_merge.h"
#include "evidence/profile_units.h"
#include "sources/pprof_fetch_internal.h"

#include <pthread.h>
#include <stdatomic.h>

/* Servers that are waited for at the same time: pprof's chunk. */
#define MOST_WAITING 128
/* From so many files on, they are merged as they come. */
#define MIN_STREAM 6

struct queue {
    struct lg_pprof_grab *grabs;
    size_t count;
    bool is_local; /* takes those only, or the others only */
    atomic_size_t next;
};

static void *work(void *context)
{
    struct queue *q = context;
    for (;;) {
        size_t i = atomic_fetch_add(&q->next, 1);
        if (i >= q->count)
            return NULL;
        if (q->grabs[i].is_local == q->is_local)
            lg_pprof_grab_run(&q->grabs[i]);
    }
}

static size_t workers_wanted(const struct queue *q)
{
    size_t jobs = 0, most = MOST_WAITING;
    for (size_t i = 0; i < q->count; i++)
        jobs += q->grabs[i].is_local == q->is_local;
    if (q->is_local)
        most = lg_processor_count();
    return jobs < most ? jobs : most;
}

/* Files keep the processors busy, servers keep us waiting: two queues. A thread
 * that cannot be made is done without: this one works them off, too. */
static void grab_all(struct lg_pprof_grab *grabs, size_t count)
{
    struct queue queues[] = {
        {.grabs = grabs, .count = count},
        {.grabs = grabs, .count = count, .is_local = true}};
    pthread_t threads[2 * MOST_WAITING];
    size_t thread_count = 0;
    for (size_t i = 0; i < LG_COUNT(queues); i++) {
        /* The last queue's last worker is this thread. */
        size_t wanted = workers_wanted(&queues[i]);
        size_t own = i + 1 == LG_COUNT(queues) || wanted == 0 ? 1 : 0;
        for (size_t k = own; k < wanted && thread_count < LG_COUNT(threads);
             k++) {
            if (lg_thread_start(&threads[thread_count], work, &queues[i]))
                thread_count++;
        }
    }
    for (size_t i = LG_COUNT(queues); i-- > 0;)
        work(&queues[i]);
    for (size_t i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
}

/* The sources' grabs, then the bases'. Each gets an arena; the first one that
 * of the caller, for no thread uses it meanwhile. */
static struct lg_pprof_grab *make_grabs(struct lg_pprof_fetch *f,
                                        struct lg_arena *arena)
{
    size_t count = f->source_count + f->base_count;
    struct lg_pprof_grab *grabs = lg_new(arena, struct lg_pprof_grab, count);
    struct lg_arena *arenas = lg_new(arena, struct lg_arena, count);
    if (grabs == NULL || arenas == NULL)
        return NULL;
    f->arenas = arenas;
    f->arena_count = count;
    for (size_t i = 0; i < count; i++) {
        struct lg_pprof_grab *g = &grabs[i];
        g->fetch = f;
        g->word =
            i < f->source_count ? f->sources[i] : f->bases[i - f->source_count];
        g->is_local = lg_pprof_grab_is_local(g->word);
        lg_arena_init(&arenas[i], 0);
        g->arena = i == 0 ? arena : &arenas[i];
    }
    return grabs;
}

/* combineProfiles. */
static bool combine(struct lg_profile *profiles, size_t count,
                    enum lg_merge_last last, struct lg_arena *arena,
                    struct lg_profile *ret, struct lg_error *err)
{
    if (!lg_profile_common_types(profiles, count, arena, err) ||
        !lg_profile_common_units(profiles, count, arena, err))
        return false;
    if (count == 1) {
        *ret = profiles[0];
        ret->arena = arena;
        return true;
    }
    const struct lg_profile **all =
        lg_new(arena, const struct lg_profile *, count);
    for (size_t i = 0; all != NULL && i < count; i++)
        all[i] = &profiles[i];
    if (all == NULL)
        return lg_fail_nomem(err);
    return lg_profile_merge(all, count, last, arena, ret, err);
}

static bool is_stream(const struct lg_pprof_grab *grabs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!grabs[i].is_local)
            return false;
    return count >= MIN_STREAM;
}

/* Both sides at once, unless there is much to merge. */
static bool grab_sides(const struct lg_pprof_fetch *f,
                       struct lg_pprof_grab *grabs, struct lg_arena *arena,
                       struct lg_error *err)
{
    size_t counts[] = {f->source_count, f->base_count};
    if (!is_stream(grabs, counts[0]) &&
        !is_stream(grabs + counts[0], counts[1])) {
        grab_all(grabs, counts[0] + counts[1]);
        return true;
    }
    for (size_t i = 0; i < LG_COUNT(counts); grabs += counts[i++]) {
        if (!is_stream(grabs, counts[i]))
            grab_all(grabs, counts[i]);
        else if (!lg_pprof_fetch_stream(grabs, counts[i], arena, err))
            return false;
    }
    return true;
}

/* What came of one side's words; what did not is said. */
static bool collect(const struct lg_pprof_fetch *f, struct lg_pprof_grab *grabs,
                    size_t count, const char *side, struct lg_arena *arena,
                    struct lg_profile *ret, struct lg_error *err)
{
    struct lg_profile *profiles = lg_new(arena, struct lg_profile, count);
    size_t got = 0, left = 0;
    if (profiles == NULL)
        return lg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        got += grabs[i].ok;
        if (!grabs[i].ok)
            lg_pprof_fetch_say(f, "%s: %s", grabs[i].word, grabs[i].err.text);
        else if (!grabs[i].is_merged)
            profiles[left++] = grabs[i].profile;
    }
    if (got == 0)
        return lg_fail(err, LG_USAGE, "failed to fetch any %s profiles", side);
    if (!combine(profiles, left, LG_MERGE_ADD, arena, ret, err))
        return lg_context(err, "problem fetching %s profiles", side);
    if (got < count)
        lg_pprof_fetch_say(f, "Fetched %zu %s profiles out of %zu", got, side,
                           count);
    return true;
}

static bool subtract(const struct lg_pprof_fetch *f, struct lg_profile *p,
                     struct lg_profile *base, struct lg_arena *arena,
                     struct lg_profile *ret, struct lg_error *err)
{
    if (f->normalize && !lg_profile_normalize(p, base, arena, p, err))
        return false;
    struct lg_profile both[] = {*p, *base};
    return combine(both, 2,
                   f->is_diff ? LG_MERGE_SUBTRACT_MARKED : LG_MERGE_SUBTRACT,
                   arena, ret, err);
}

static bool add_comment(struct lg_profile *p, const char *comment,
                        struct lg_arena *arena)
{
    size_t count = p->comments.count;
    struct lg_str *items = lg_new(arena, struct lg_str, count + 1);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        items[i] = p->comments.items[i];
    items[count] = lg_str_of(comment);
    p->comments.items = items;
    p->comments.count = p->comments.capacity = count + 1;
    return true;
}

/* collectMappingSources: where each mapping can be asked about. */
struct mapping_urls {
    LG_VEC(struct lg_mapping_url) items;
    const char *first;
};

static bool add_urls(struct mapping_urls *urls, const struct lg_pprof_grab *g,
                     struct lg_arena *arena)
{
    if (!g->ok || g->url == NULL)
        return true;
    if (urls->first == NULL)
        urls->first = g->url;
    lg_each(m, g->profile.mappings) {
        struct lg_mapping_url *u = lg_push(arena, &urls->items);
        if (u == NULL)
            return false;
        *u = (struct lg_mapping_url){
            .key = m->build_id.len > 0 ? m->build_id : m->file,
            .url = g->url,
            .start = m->start,
        };
    }
    return true;
}

/* All that comes after the merge. */
static bool finish(const struct lg_pprof_fetch *f,
                   const struct mapping_urls *urls, struct lg_profile *p,
                   struct lg_arena *arena, struct lg_error *err)
{
    struct lg_symbol_source source = f->symbols;
    source.url = urls->first;
    source.urls = urls->items.items;
    source.url_count = urls->items.count;
    source.tls = &f->tls;
    if (f->all_frames)
        p->drop_frames = p->keep_frames = (struct lg_str){NULL, 0};
    struct lg_profile before = *p;
    if (!lg_pprof_symbolise(&before, &source, f->say, f->say_context, arena, p,
                            err))
        return false;
    if (!lg_profile_remove_uninteresting(p, arena, p) ||
        !lg_pprof_unmark_remote(p, arena) ||
        (f->comment[0] != '\0' && !add_comment(p, f->comment, arena)))
        return lg_fail_nomem(err);
    return urls->first == NULL || lg_pprof_save(f, p, arena, err);
}

void lg_pprof_fetch_deinit(struct lg_pprof_fetch *f)
{
    for (size_t i = 0; i < f->arena_count; i++)
        lg_arena_deinit(&f->arenas[i]);
    f->arena_count = 0;
}

bool lg_pprof_fetch(struct lg_pprof_fetch *f, struct lg_arena *arena,
                    struct lg_profile *ret, struct lg_error *err)
{
    size_t count = f->source_count + f->base_count;
    struct lg_pprof_grab *grabs = make_grabs(f, arena);
    struct lg_profile base = {0};
    struct mapping_urls urls = {0};
    if (grabs == NULL)
        return lg_fail_nomem(err);
    if (count == 1)
        lg_pprof_grab_run(&grabs[0]);
    else if (!grab_sides(f, grabs, arena, err))
        return false;
    if (!collect(f, grabs, f->source_count, "source", arena, ret, err))
        return false;
    if (f->base_count > 0 &&
        (!collect(f, grabs + f->source_count, f->base_count, "base", arena,
                  &base, err) ||
         !subtract(f, ret, &base, arena, ret, err)))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!add_urls(&urls, &grabs[i], arena))
            return lg_fail_nomem(err);
    }
    return finish(f, &urls, ret, arena, err);
}
