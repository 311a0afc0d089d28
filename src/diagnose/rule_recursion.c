/* SPDX-License-Identifier: Apache-2.0 */
/* infinite-recursion: one goroutine's stack repeats a cycle of frames, deeper
 * than any algorithm needs, and stack memory is what grows. */
#include "diagnose/rule.h"

#include <assert.h>

/* A stack of this many frames is no longer a deep tree or parser. */
#define CERTAIN_DEPTH 20000
#define MIN_DEPTH 95 /* all that Go ≤ 1.20 prints of a longer stack is 100 */
#define MIN_STACK_SHARE 0.2
/* One that is deep but small is an algorithm. */
#define MIN_STACK_BYTES (UINT64_C(8) << 20)
#define MAX_STACK_FRAMES 12

struct culprit {
    const struct lg_goroutines *dump;
    const struct lg_goroutine *item;
    const struct lg_shot *shot; /* NULL: the crash's own dump */
    struct lg_frame_cycle cycle;
    uint64_t depth; /* UINT64_MAX: more than the dump shows */
};

static void search(const struct lg_goroutines *g, const struct lg_shot *shot,
                   struct culprit *best)
{
    lg_each(item, g->items) {
        struct lg_frame_cycle cycle;
        const struct lg_frame *frames = lg_goroutine_frames(g, item);
        if (item->frame_count < MIN_DEPTH ||
            !lg_frames_find_cycle(frames, item->frame_count,
                                  item->elided_frames, &cycle)) {
            continue;
        }
        uint64_t depth =
            item->elided_frames == UINT64_MAX ? UINT64_MAX : cycle.depth;
        if (best->item == NULL || depth >= best->depth) {
            *best = (struct culprit){g, item, shot, cycle, depth};
        }
    }
}

/* Of the culprit's own capture, else (it was cut off by the kill) of the last
 * one that had statistics. */
static const struct lg_shot *stats_of(const struct lg_case *c,
                                      const struct culprit *culprit)
{
    bool own =
        culprit->shot != NULL && culprit->shot->capture->memstats != NULL;
    return own                     ? culprit->shot
           : culprit->shot != NULL ? lg_case_last_memstats(c)
                                   : NULL;
}

/* The line that calls: in the second round, for the innermost round may have
 * been caught anywhere. */
static struct lg_frame calling_line(const struct lg_case *c,
                                    const struct culprit *culprit,
                                    struct lg_frame *leaf_ret)
{
    const struct lg_frame *frames =
        lg_goroutine_frames(culprit->dump, culprit->item);
    uint32_t from = culprit->cycle.first + culprit->cycle.length;
    struct lg_frame chosen = frames[culprit->cycle.first];
    *leaf_ret = frames[culprit->cycle.first];
    for (uint32_t i = 0;
         i < culprit->cycle.length && from + i < culprit->item->frame_count;
         i++) {
        if (i == 0) {
            chosen = frames[from];
        }
        if (lg_case_is_user(c, &frames[from + i])) {
            return frames[from + i];
        }
    }
    return chosen;
}

static bool is_runaway(const struct lg_case *c, const struct culprit *culprit,
                       uint64_t stacks, uint64_t usage)
{
    if (culprit->shot == NULL) {
        return c->in->end.fatal.kind == LG_FATAL_STACK_OVERFLOW;
    }
    if (culprit->depth != UINT64_MAX && culprit->depth >= CERTAIN_DEPTH) {
        return true;
    }
    return stacks >= MIN_STACK_BYTES &&
           lg_share(stacks, usage) >= MIN_STACK_SHARE;
}

static void copy_cycle(struct lg_case *c, struct lg_finding *f,
                       const struct culprit *culprit)
{
    const struct lg_frame *frames =
        lg_goroutine_frames(culprit->dump, culprit->item);
    uint32_t from = culprit->cycle.first + culprit->cycle.length;
    for (uint32_t i = 0; i < culprit->cycle.length && i < MAX_STACK_FRAMES &&
                         from + i < culprit->item->frame_count;
         i++) {
        struct lg_frame *slot = lg_push(c->arena, &f->stack);
        if (slot == NULL) {
            c->failed = true;
            return;
        }
        *slot = frames[from + i];
    }
}

static void describe(struct lg_case *c, struct lg_finding *f,
                     const struct culprit *culprit, uint64_t stacks)
{
    struct lg_str depth =
        culprit->depth == UINT64_MAX
            ? lg_words(c, "deeper than the %u frames that the dump shows",
                       culprit->item->frame_count)
            : lg_words(c, "%s frames deep", lg_say_count(c, culprit->depth));
    struct lg_str memory = {NULL, 0};
    if (stacks > 0) {
        memory =
            lg_words(c, "; goroutine stacks take %s", lg_say_bytes(c, stacks));
    }
    f->summary =
        lg_words(c, "goroutine %llu is %.*s and repeats a cycle of %u %s%.*s",
                 (unsigned long long)culprit->item->id, LG_STR_ARG(depth),
                 culprit->cycle.length,
                 culprit->cycle.length == 1 ? "function" : "functions",
                 LG_STR_ARG(memory));
}

static void cite(struct lg_case *c, struct lg_finding *f,
                 const struct culprit *culprit, const struct lg_shot *stats)
{
    const struct lg_capture *capture =
        culprit->shot != NULL ? culprit->shot->capture : NULL;
    const char *file = capture != NULL ? "goroutines.txt" : "stderr.txt";
    if (culprit->depth != UINT64_MAX) {
        lg_cite(c, f, "depth of the stack", (double)culprit->depth, "count",
                capture, file);
    }
    lg_cite(c, f, "functions in the repeated cycle",
            (double)culprit->cycle.length, "count", capture, file);
    if (stats == NULL) {
        return;
    }
    assert(stats->capture != NULL); /* every shot is of one */
    const struct lg_memstats *m = stats->capture->memstats;
    lg_cite(c, f, "stack memory", (double)m->stack_inuse_bytes.value, "bytes",
            stats->capture, "heap.txt");
    lg_cite(c, f, "heap", (double)m->heap_alloc_bytes.value, "bytes",
            stats->capture, "heap.txt");
}

bool lg_recursion_line(const struct lg_case *c, struct lg_frame *where_ret)
{
    struct culprit culprit = {0};
    struct lg_frame leaf;
    if (c->in->end.fatal_goroutines != NULL) {
        search(c->in->end.fatal_goroutines, NULL, &culprit);
    }
    if (culprit.item == NULL) {
        return false;
    }
    *where_ret = calling_line(c, &culprit, &leaf);
    return true;
}

void lg_judge_recursion(struct lg_case *c, struct lg_verdict *verdict)
{
    struct culprit culprit = {0};
    if (c->in->end.fatal_goroutines != NULL) {
        search(c->in->end.fatal_goroutines, NULL, &culprit);
    }
    lg_each(shot, c->shots) {
        if (shot->capture->goroutines != NULL) {
            search(shot->capture->goroutines, shot, &culprit);
        }
    }
    const struct lg_shot *stats = stats_of(c, &culprit);
    /* The stack doubles: the last statistics may have the next one, too. */
    const struct lg_shot *last = lg_case_last_memstats(c);
    if (c->oom && stats != NULL && last != NULL &&
        last->capture->memstats->stack_inuse_bytes.value >
            stats->capture->memstats->stack_inuse_bytes.value) {
        stats = last;
    }
    uint64_t stacks =
        stats != NULL ? stats->capture->memstats->stack_inuse_bytes.value : 0;
    uint64_t usage = stats != NULL ? stats->usage_bytes : 0;
    /* Deep is not endless: while the process lives, memory must go with it. */
    bool ended_by_it = c->oom || c->in->end.fatal_goroutines != NULL;
    if (culprit.item == NULL || !is_runaway(c, &culprit, stacks, usage) ||
        (!ended_by_it && !lg_case_alive_and_growing(c))) {
        return;
    }
    struct lg_finding *f =
        lg_add_finding(c, verdict, LG_CAUSE_INFINITE_RECURSION);
    if (f == NULL) {
        return;
    }
    f->where = calling_line(c, &culprit, &f->leaf);
    f->where_role = LG_STR("calls itself here");
    f->created_by = culprit.item->created_by;
    f->proof = LG_STR("signature");
    f->confidence = culprit.depth >= CERTAIN_DEPTH ? 0.97 : 0.9;
    f->count = lg_known(culprit.depth == UINT64_MAX ? culprit.item->frame_count
                                                    : culprit.depth);
    if (stacks > 0) {
        f->bytes = lg_known(stacks);
        f->share = lg_share(stacks, usage);
    }
    f->fix = LG_STR("The recursion has no end for this input: check the "
                    "condition that should stop it, or make it a loop with a "
                    "bound.");
    describe(c, f, &culprit, stacks);
    cite(c, f, &culprit, stats);
    copy_cycle(c, f, &culprit);
    lg_case_claim(c, &f->where);
}
