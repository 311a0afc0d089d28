/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/fd_opener.h"

/* More than any program's pool: then objects can be told to come with them. */
#define MIN_GROWN 100
/* A line's objects for each descriptor, in this many profiles: a reader and its
 * buffer are two, and one sample of small ones counts as very many. */
#define TRACKS_MIN_PROFILES 3
#define TRACKS_MIN_EACH 0.5
#define TRACKS_MAX_EACH 3.0
#define MIN_SITE_DIVISOR 100
#define MAX_OPENERS 32

struct lg_num lg_fds_of(const struct lg_shot *shot)
{
    const struct lg_process *p = shot->capture->process;
    if (p == NULL) {
        return (struct lg_num){false, 0};
    }
    return p->fds_count.known ? p->fds_count
           : p->fds.count > 0 ? lg_known(p->fds.count)
                              : (struct lg_num){false, 0};
}

/* Functions of the standard library through which descriptors come to be. */
static bool makes_fd(struct lg_str function)
{
    static const char *const names[] = {
        "os.newFile",
        "os.OpenFile",
        "os.openFileNolog",
        "os.NewFile",
        "net.newFD",
        "net.(*netFD).accept",
        "net.socket",
        "os.Pipe",
        "net.newTCPConn",
        "os.newFileFromNewFile",
        "os.Open",
        "os.Create",
        "net.(*TCPListener).accept",
        "net.sysSocket",
        "internal/poll.(*FD).Init",
        "net.(*sysDialer).dialSingle",
    };
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        if (lg_str_eq(function, lg_str_of(names[i]))) {
            return true;
        }
    }
    return false;
}

/* A user's line above a descriptor-making function. Bytes, for one sample of a
 * tiny object counts as very many. */
struct opener {
    struct lg_frame where, leaf;
    int64_t bytes;   /* in use, added up over the profiles */
    size_t profiles; /* that have it */
};

static bool opener_of(const struct lg_case *c, const struct lg_profile *heap,
                      size_t sample, struct opener *found)
{
    struct lg_frame frame, maker = {0};
    struct lg_frame_iter it = lg_profile_frames(heap, sample);
    while (lg_frame_iter_next(&it, &frame)) {
        if (makes_fd(frame.function)) {
            maker = frame;
        }
        if (maker.function.len > 0 && lg_case_is_user(c, &frame)) {
            *found = (struct opener){.where = frame, .leaf = maker};
            return true;
        }
    }
    return false;
}

static struct opener *place_of(struct opener *openers, size_t *count,
                               const struct opener *found)
{
    for (size_t i = 0; i < *count; i++) {
        if (lg_frame_same(&openers[i].where, &found->where)) {
            return &openers[i];
        }
    }
    if (*count == MAX_OPENERS) {
        return NULL;
    }
    openers[*count] = *found;
    return &openers[(*count)++];
}

static void add_openers(const struct lg_case *c, const struct lg_profile *heap,
                        struct opener *openers, size_t *count)
{
    int type = lg_profile_type(heap, LG_STR("inuse_space"));
    bool is_in[MAX_OPENERS] = {false};
    for (size_t i = 0; type >= 0 && i < heap->samples.count; i++) {
        struct opener found;
        int64_t bytes = lg_profile_value(heap, i, type);
        struct opener *at = bytes > 0 && opener_of(c, heap, i, &found)
                                ? place_of(openers, count, &found)
                                : NULL;
        if (at != NULL) {
            at->bytes += bytes;
            at->profiles += !is_in[at - openers];
            is_in[at - openers] = true;
        }
    }
}

static bool is_collected(const struct lg_shot *shot)
{
    const struct lg_memstats *stats = shot->capture->memstats;
    bool before_any =
        stats != NULL && stats->gc_count.known && stats->gc_count.value == 0;
    return shot->capture->heap != shot->capture->heap_now && !before_any;
}

/* true: there was such a profile, with openers in it or not. */
static bool add_profiles(const struct lg_case *c, bool collected,
                         struct opener *openers, size_t *count)
{
    bool any = false;
    lg_each(shot, c->shots) {
        if (shot->capture->heap != NULL && is_collected(shot) == collected) {
            add_openers(c, shot->capture->heap, openers, count);
            any = true;
        }
    }
    return any;
}

/* What is opened and closed again is in a profile by chance, and gone from the
 * next; what stays open is in all that follow. Before the first collection all
 * is there, what was closed too: of those that no later profile has, none says
 * which stay (*stay_ret: false). */
static size_t find_openers(const struct lg_case *c, struct opener *openers,
                           bool *stay_ret)
{
    size_t count = 0;
    bool any = add_profiles(c, true, openers, &count);
    *stay_ret = count > 0 || !any;
    if (count == 0) {
        (void)add_profiles(c, false, openers, &count);
    }
    return count;
}

static const struct opener *main_opener(const struct opener *openers,
                                        size_t count, struct lg_str function)
{
    const struct opener *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if ((function.len == 0 ||
             lg_str_eq(openers[i].where.function, function)) &&
            (best == NULL || openers[i].bytes > best->bytes)) {
            best = &openers[i];
        }
    }
    return best;
}

/* New descriptors at that capture; 0: not told, or a dying process has let some
 * go. */
static uint64_t opened_by(const struct lg_case *c,
                          const struct lg_count_series *n,
                          const struct lg_shot *shot)
{
    struct lg_num fds = lg_fds_of(shot);
    bool is_closed = lg_case_is_dying(c, shot) && fds.value < n->last_count;
    return fds.known && !is_closed && fds.value > n->first_count
               ? fds.value - n->first_count
               : 0;
}

/* … at the last capture of which the profile is surely newer: the collection
 * that made it may have been any time before lg_case_shot_behind. */
static uint64_t opened_before(const struct lg_case *c,
                              const struct lg_count_series *n,
                              const struct lg_shot *shot)
{
    const struct lg_shot *then = lg_case_shot_behind(c, shot);
    while (then > c->shots.items) {
        then--;
        if (lg_fds_of(then).known) {
            return opened_by(c, n, then);
        }
    }
    return 0;
}

/* The line's largest objects in use: of as many they have the most samples, so
 * that their number is known best. */
static int64_t largest_objects(const struct lg_case *c,
                               const struct lg_profile *heap,
                               const struct lg_frame *where)
{
    int space = lg_profile_type(heap, LG_STR("inuse_space"));
    int objects = lg_profile_type(heap, LG_STR("inuse_objects"));
    int64_t largest = 0, sum = 0;
    for (size_t i = 0; space >= 0 && objects >= 0 && i < heap->samples.count;
         i++) {
        int64_t bytes = lg_profile_value(heap, i, space);
        int64_t count = lg_profile_value(heap, i, objects);
        if (count <= 0 || bytes / count < largest) {
            continue;
        }
        struct lg_frame line = lg_heap_sample_where(c, heap, i);
        if (!lg_frame_same(&line, where)) {
            continue;
        }
        sum = bytes / count > largest ? count : sum + count;
        largest = bytes / count;
    }
    return sum;
}

/* Objects of this line came with the descriptors, one or two for each, in each
 * profile that saw anything new: it is of a time between two captures. */
static bool tracks(const struct lg_case *c, const struct lg_count_series *n,
                   const struct lg_heap_site *site)
{
    int64_t before = 0;
    size_t seen = 0;
    lg_each(shot, c->shots) {
        const struct lg_heap_site *then =
            shot->heap != NULL ? lg_heap_site_find(shot->heap, &site->where)
                               : NULL;
        uint64_t least = opened_before(c, n, shot);
        uint64_t most = opened_by(c, n, shot);
        if (then == NULL || then->inuse_count == before || least < MIN_GROWN ||
            most < least) {
            continue;
        }
        before = then->inuse_count;
        double objects =
            (double)largest_objects(c, shot->capture->heap, &site->where);
        if (objects < TRACKS_MIN_EACH * (double)least ||
            objects > TRACKS_MAX_EACH * (double)most) {
            return false;
        }
        seen++;
    }
    return seen >= TRACKS_MIN_PROFILES;
}

/* The line with most bytes of those whose objects came with the descriptors. */
static const struct lg_heap_site *find_fellow(const struct lg_case *c,
                                              const struct lg_shot *shot,
                                              const struct lg_count_series *n)
{
    lg_each(site, shot->heap->items) {
        if (site->inuse_bytes <= shot->heap->total_bytes / MIN_SITE_DIVISOR) {
            break; /* most first */
        }
        if (site->has_user && tracks(c, n, site)) {
            return site;
        }
    }
    return NULL;
}

/* Descriptors are so few bytes that a profile can miss those that matter and
 * have one that does not: what came with them says in which function to look.
 */
void lg_fd_find_line(const struct lg_case *c, const struct lg_count_series *n,
                     struct lg_fd_line *ret)
{
    const struct lg_shot *shot = lg_case_last(c, true, false);
    struct opener openers[MAX_OPENERS];
    struct lg_str any = {NULL, 0};
    bool stay = true;
    size_t count = find_openers(c, openers, &stay);
    const struct opener *opener =
        stay ? main_opener(openers, count, any) : NULL;
    const struct lg_heap_site *fellow =
        shot != NULL ? find_fellow(c, shot, n) : NULL;
    if (fellow != NULL) {
        const struct opener *beside =
            main_opener(openers, count, fellow->where.function);
        bool is_sure =
            opener != NULL && opener->profiles >= TRACKS_MIN_PROFILES;
        opener = beside != NULL ? beside : is_sure ? opener : NULL;
    }
    ret->is_fellow = opener == NULL && fellow != NULL;
    if (opener != NULL) {
        ret->where = opener->where;
        ret->leaf = opener->leaf;
    } else if (fellow != NULL) {
        ret->where = fellow->where; /* what it led to opens nothing */
    }
}
