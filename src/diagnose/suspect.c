/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/suspect.h"

#include "base/map.h"
#include "diagnose/count_series.h"

#include <assert.h>

/* A program at rest has pools of some hundreds; what grew by less says nothing
 * unless it holds much memory. */
#define MIN_GROWN_COUNT 100
#define FEW_MIN_SHARE 0.25
#define GROWN_FACTOR 3
/* Without a death, growth must be plain: this many, and still going on. */
#define ALIVE_MIN_COUNT 1000
#define ALIVE_MIN_SHARE 0.1
/* Of goroutines that were parked before, this share is still there. */
#define SURVIVAL_RATIO 0.9
#define MOST_ENDED_RATIO 0.5
#define TELLING_RATIO 0.25
/* Made "at once": from no more than this share of what there is in the end … */
#define BEFORE_RATIO 0.2
/* … and complete: as many as there are in the end, but for some. */
#define COMPLETE_RATIO 0.95
/* A few that came at once, within this, are calls under way. */
#define AT_ONCE_NS (5 * UINT64_C(1000000000))

uint64_t lg_suspect_count_in(const struct lg_shot *shot,
                             const struct lg_goroutine_site *like)
{
    const struct lg_goroutine_site *site =
        lg_goroutine_site_find(shot->goroutines, like);
    return site != NULL ? site->count : 0;
}

static void follow(const struct lg_case *c, struct lg_suspect *s)
{
    uint64_t before = 0;
    s->grows = true;
    lg_each(shot, c->shots) {
        if (shot->goroutines == NULL) {
            continue;
        }
        uint64_t count = lg_suspect_count_in(shot, &s->site);
        if (s->first == NULL) {
            s->first = shot;
            s->first_count = count;
        }
        s->seen++;
        /* The very last one may have been read while it came apart. */
        uint64_t missing = lg_case_is_dying(c, shot) ? count / 2 : count / 10;
        s->grows = s->grows && count + missing >= before;
        before = count > before ? count : before;
        s->last = shot;
    }
}

/* A storm after a calm, and a pool that filled up at the start: neither grew
 * at its mean rate. */
static void follow_shape(const struct lg_case *c, struct lg_suspect *s)
{
    double all = (double)s->site.count;
    assert(s->first != NULL && s->last != NULL); /* the site is in a capture */
    uint64_t before_late = 0;
    s->made_since = s->first;
    s->made_from_count = s->first_count;
    lg_each(shot, c->shots) {
        if (shot->goroutines == NULL) {
            continue;
        }
        uint64_t count = lg_suspect_count_in(shot, &s->site);
        before_late = lg_is_late(s->first, s->last, shot) ? before_late : count;
        if ((double)count < BEFORE_RATIO * all) {
            s->made_since = shot;
            s->made_from_count = count;
        }
        /* Those of a pool that are at work are elsewhere now and then. */
        if (s->complete == NULL && (double)count >= COMPLETE_RATIO * all) {
            s->complete = shot;
        }
    }
    s->grows_on = s->seen >= 2 && lg_grows_on(s->site.count, before_late);
}

/* Details of the site that only a text dump has. */
static void add_details(const struct lg_case *c, struct lg_suspect *s)
{
    for (size_t i = c->shots.count; i-- > 0;) {
        const struct lg_shot *shot = &c->shots.items[i];
        const struct lg_goroutine_site *site =
            shot->goroutines != NULL
                ? lg_goroutine_site_find(shot->goroutines, &s->site)
                : NULL;
        if (site != NULL && site->created_by.function.len > 0) {
            s->site.created_by = site->created_by;
            s->site.creator_id = site->creator_id;
            s->site.dump = site->dump;
            s->site.example = site->example;
            s->site.state = site->state;
            s->site.leaked_count = site->leaked_count;
            if (site->longest_wait_ns > s->site.longest_wait_ns) {
                s->site.longest_wait_ns = site->longest_wait_ns;
            }
            return;
        }
    }
}

/* The parent's own stack, when the dump has it, passes through the creator. */
static bool parent_line(const struct lg_case *c, const struct lg_suspect *s,
                        struct lg_frame *frame_ret)
{
    const struct lg_goroutines *g = s->site.dump;
    if (s->site.creator_id == 0 || g == NULL ||
        s->site.created_by.function.len == 0) {
        return false;
    }
    lg_each(item, g->items) {
        if (item->id == s->site.creator_id &&
            lg_goroutine_user_frame(c, g, item, s->site.created_by.function,
                                    frame_ret)) {
            return true;
        }
    }
    return false;
}

/* "net/http.(*Transport)." of a method: the creator may run in a goroutine of
 * its own, but somebody called another method of the same object. Empty for
 * plain functions. */
static struct lg_str methods_of(struct lg_str function)
{
    struct lg_str none = {NULL, 0};
    ptrdiff_t at = lg_str_find(function, LG_STR(")."));
    return at < 0 ? none : lg_str_first(function, (size_t)at + 2);
}

/* The line to blame: where they stand in the user's code, else who made them,
 * else through which of the user's lines their creator was reached. */
static void resolve_where(const struct lg_case *c, struct lg_suspect *s)
{
    const struct lg_goroutine_site *site = &s->site;
    struct lg_frame found;
    if (site->where.function.len > 0) {
        s->where = site->where;
    } else if (site->created_by.function.len > 0 &&
               lg_case_is_user(c, &site->created_by)) {
        s->where = site->created_by;
    } else if (parent_line(c, s, &found) ||
               lg_case_user_caller(c, site->created_by.function, &found) ||
               lg_case_user_caller(c, methods_of(site->created_by.function),
                                   &found)) {
        s->where = found;
        s->where_by_caller = true;
    }
}

static bool was_parked(const struct lg_goroutines *g,
                       const struct lg_goroutine *item,
                       const struct lg_suspect *s)
{
    const struct lg_frame *frames = lg_goroutine_frames(g, item);
    for (uint32_t i = 0; i < item->frame_count; i++) {
        if (s->site.where.function.len > 0
                ? lg_frame_same(&frames[i], &s->site.where)
                : lg_frame_same(&frames[i], &s->site.leaf)) {
            return true;
        }
    }
    return false;
}

const struct lg_goroutines *lg_shot_dump(const struct lg_shot *shot)
{
    const struct lg_goroutines *g = shot->capture->goroutines;
    return g != NULL && !g->truncated ? g : NULL;
}

/* As many of them that what became of them tells what becomes of most: the very
 * first are also the first to go on. */
static bool is_telling(const struct lg_suspect *s, uint64_t count)
{
    return count >= LG_FEW_GOROUTINES &&
           (double)count >= TELLING_RATIO * (double)s->site.count;
}

/* Do goroutines that stood there in an earlier dump exist in a later one? A
 * queue in front of a bounded worker looks like a leak but moves on. */
static void check_survival(struct lg_case *c, struct lg_suspect *s)
{
    const struct lg_goroutines *early = NULL, *late = NULL;
    struct lg_map alive;
    uint64_t parked = 0, survived = 0;
    lg_each(shot, c->shots) {
        const struct lg_goroutines *g = lg_shot_dump(shot);
        if (g != NULL && shot->goroutines != NULL &&
            is_telling(s, lg_suspect_count_in(shot, &s->site))) {
            early = early == NULL ? g : early;
            late = g;
        }
    }
    if (early == NULL || late == early) {
        return;
    }
    lg_map_init(&alive, c->arena);
    lg_each(item, late->items) {
        if (lg_map_put_u64(&alive, item->id, NULL) == NULL) {
            c->failed = true;
            return;
        }
    }
    lg_each(item, early->items) {
        /* What the later sample would not have is not gone. */
        if (item->id != 0 &&
            lg_goroutine_is_chosen(item->id, late->sampled_one_in) &&
            was_parked(early, item, s)) {
            parked++;
            survived += lg_map_find_u64(&alive, item->id) != NULL;
        }
    }
    s->some_ended =
        parked > 0 && (double)survived < SURVIVAL_RATIO * (double)parked;
    s->most_ended =
        parked > 0 && (double)survived < MOST_ENDED_RATIO * (double)parked;
    s->none_ended = parked > 0 && survived == parked;
}

static bool is_suspicious(const struct lg_case *c, const struct lg_suspect *s)
{
    uint64_t grown =
        s->site.count > s->first_count ? s->site.count - s->first_count : 0;
    double share = lg_suspect_share(s);
    bool alone = s->seen < 2;
    if (alone) {
        return s->site.count >= ALIVE_MIN_COUNT;
    }
    if (!s->grows || s->site.count < GROWN_FACTOR * s->first_count) {
        return false;
    }
    if (!c->oom) {
        return grown >= ALIVE_MIN_COUNT && share >= ALIVE_MIN_SHARE &&
               s->seen >= 3 && s->grows_on && lg_case_alive_and_growing(c);
    }
    /* A few that came at once are calls under way, not ones that got stuck. */
    bool at_once = c->from_level && c->growth_ns <= AT_ONCE_NS;
    return grown >= MIN_GROWN_COUNT ||
           (grown >= LG_FEW_GOROUTINES && share >= FEW_MIN_SHARE && !at_once);
}

static double parked_ratio(const struct lg_goroutine_site *site)
{
    return site->count == 0
               ? 0
               : (double)site->by_class[LG_WAIT_PARKED] / (double)site->count;
}

size_t lg_suspects_find(struct lg_case *c, struct lg_suspect *suspects)
{
    const struct lg_shot *last = lg_case_last(c, false, true);
    size_t count = 0;
    if (last == NULL) {
        return 0;
    }
    lg_each(site, last->goroutines->items) {
        struct lg_suspect s = {.site = *site};
        follow(c, &s);
        follow_shape(c, &s);
        add_details(c, &s);
        resolve_where(c, &s);
        lg_suspect_weigh(c, &s);
        if (!is_suspicious(c, &s)) {
            continue;
        }
        s.parked_ratio = parked_ratio(&s.site);
        check_survival(c, &s);
        lg_suspect_weigh_creation(c, &s);
        if (!lg_suspect_join(suspects, count, &s) && count < LG_MAX_SUSPECTS) {
            suspects[count++] = s;
        }
    }
    return lg_suspects_join_companions(suspects, count);
}
