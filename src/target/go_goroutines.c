/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_goroutines.h"

#include "target/go_gather.h"

#include <inttypes.h>
#include <time.h>

/* Each takes 2.6 KB of the target at the least: 43 GB. */
#define MAX_GOROUTINES ((uint64_t)1 << 24)
/* The slice of all goroutines moves when it grows, rarely. */
#define ALLGS_TRIES 4
/* A goroutine that moved is looked at again; one that always moves is not
 * worth more than the pause. */
#define MOVED_ROUNDS 3
/* Few move or run when the pause begins. It may last as long as the floor of
 * reading all: a quarter of them, read with their stacks. */
#define SPARE_PAUSED 8192
#define PAUSED_SHARE 4
/* Records of so many are made room for before the first is seen: 45 MB. */
#define ROOM_AT_ONCE ((size_t)1 << 18)
#define FIRST_WINDOW_BYTES 512u
#define FULL_WINDOW_BYTES 1024u
#define SPARE_WALK_BYTES (UINT64_C(64) << 20)

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Stacks do not overlap: all together are no longer than what can be written.
 * Only memory that lies wants more. */
static uint64_t walk_budget(const struct lg_image *image)
{
    uint64_t sum = SPARE_WALK_BYTES;
    lg_each(segment, image->segments) {
        uint64_t bytes = segment->end - segment->start;
        if (segment->can_write && sum + bytes > sum)
            sum += bytes;
    }
    return sum;
}

static bool start(struct lg_go_gather *r, struct lg_error *err)
{
    struct lg_go *go = r->go;
    if (go->vars[LG_VAR_ALLGS] == 0)
        return lg_fail(err, LG_ABSENT,
                       "where Go keeps its goroutines was not found");
    if (!lg_go_g_layout(go->layout, &r->layout, err))
        return false;
    lg_go_counters_init(&r->counters, go, &r->scratch);
    lg_go_symbols_init(&r->symbols, go, &r->scratch);
    lg_map_init(&r->starts, &r->scratch);
    lg_map_init(&r->labels, &r->scratch);
    r->walked =
        lg_new(&r->scratch, uint64_t, LG_GO_KEEP_INNER + LG_GO_KEEP_OUTER);
    r->deep = lg_new(&r->scratch, uint8_t, LG_GO_DEEP_BYTES);
    r->window_bytes = r->options->max_frames > LG_GO_KEEP_INNER
                          ? FULL_WINDOW_BYTES
                          : FIRST_WINDOW_BYTES;
    r->walk_budget_bytes = walk_budget(go->image);
    r->is_still = !go->image->is_live;
    if (r->walked == NULL || r->deep == NULL ||
        !lg_go_stack_tree_init(&r->tree, r->ret, r->arena))
        return lg_fail_nomem(err);
    return true;
}

/* Room for a chunk, or for all when there are fewer; and for the records, which
 * would be copied while they grow. */
static bool make_room(struct lg_go_gather *r, size_t count,
                      struct lg_error *err)
{
    size_t n = count < LG_GO_CHUNK ? count : LG_GO_CHUNK, items = count;
    if (r->options->keep_one_in > 1)
        items = (size_t)(items / r->options->keep_one_in);
    if (items > r->options->keep_max)
        items = (size_t)r->options->keep_max;
    if (items > ROOM_AT_ONCE)
        items = ROOM_AT_ONCE;
    r->ret->items.items = lg_new(r->arena, struct lg_go_g, items);
    r->ret->items.capacity = r->ret->items.items != NULL ? items : 0;
    r->slots = lg_new(&r->scratch, struct lg_go_slot, n);
    r->fetches = lg_new(&r->scratch, struct lg_fetch, n);
    return (r->slots != NULL && r->fetches != NULL) || lg_fail_nomem(err);
}

static bool read_header(struct lg_go_gather *r, uint64_t header[3])
{
    return lg_image_read(r->go->image, r->go->vars[LG_VAR_ALLGS], header,
                         3 * sizeof *header);
}

static bool fail_unreadable(struct lg_go_gather *r, struct lg_error *err)
{
    if (r->go->image->gone)
        return lg_fail(err, LG_ABSENT, "the process has ended");
    return lg_fail(err, LG_BAD_DATA,
                   "the list of all goroutines cannot be read");
}

/* All of allgs at once: the runtime frees the array when it makes a longer one.
 */
static bool read_allgs(struct lg_go_gather *r, uint64_t **addresses_ret,
                       size_t *count_ret, struct lg_error *err)
{
    uint64_t before[3], after[3];
    for (int i = 0; i < ALLGS_TRIES; i++) {
        if (!read_header(r, before))
            return fail_unreadable(r, err);
        uint64_t n = before[1];
        if (n > MAX_GOROUTINES) {
            n = MAX_GOROUTINES;
            r->ret->truncated = true;
        }
        /* No room for what a count only claims: its last one has to be there.
         */
        uint64_t last;
        if (n > 0 &&
            !lg_image_u64(r->go->image, before[0] + (n - 1) * 8, &last))
            continue;
        uint64_t *addresses = lg_new(&r->scratch, uint64_t, n);
        if (addresses == NULL)
            return lg_fail_nomem(err);
        bool ok = lg_image_read(r->go->image, before[0], addresses, n * 8);
        if (ok && read_header(r, after) && after[0] == before[0]) {
            *addresses_ret = addresses;
            *count_ret = n;
            return true;
        }
    }
    return fail_unreadable(r, err);
}

static void gather_all(struct lg_go_gather *r, const uint64_t *addresses,
                       const uint32_t *items, size_t count)
{
    for (size_t i = 0; i < count && !r->failed; i += LG_GO_CHUNK) {
        size_t n = count - i < LG_GO_CHUNK ? count - i : LG_GO_CHUNK;
        lg_go_gather_chunk(r, addresses + i, items != NULL ? items + i : NULL,
                           n);
        if (r->go->image->gone)
            break;
    }
}

/* Those that were put off, up to max of them, once more. */
static void gather_later(struct lg_go_gather *r, size_t max)
{
    size_t n = r->later.count < max ? r->later.count : max;
    uint64_t *addresses = lg_new(&r->scratch, uint64_t, n);
    uint32_t *items = lg_new(&r->scratch, uint32_t, n);
    if (addresses == NULL || items == NULL) {
        r->failed = true;
        return;
    }
    r->later.count -= n;
    for (size_t i = 0; i < n; i++) {
        addresses[i] = r->later.items[r->later.count + i].address;
        items[i] = r->later.items[r->later.count + i].item;
    }
    gather_all(r, addresses, items, n);
}

/* What runs, and what never held still, while nothing runs. */
static void gather_paused(struct lg_go_gather *r, size_t count)
{
    r->is_last = true;
    if (r->options->freeze != LG_FREEZE_NEVER &&
        lg_image_pause(r->go->image, NULL)) {
        r->is_still = true;
        gather_later(r, SPARE_PAUSED + count / PAUSED_SHARE);
        lg_image_resume(r->go->image);
        r->is_still = false;
    }
    if (!r->failed)
        gather_later(r, SIZE_MAX);
    r->is_last = false;
}

static void gather_moving(struct lg_go_gather *r, const uint64_t *addresses,
                          size_t count)
{
    gather_all(r, addresses, NULL, count);
    for (int i = 0; i < MOVED_ROUNDS && r->later.count != 0 && !r->failed; i++)
        gather_later(r, SIZE_MAX);
    if (r->later.count != 0 && !r->failed)
        gather_paused(r, count);
}

static void gather_still(struct lg_go_gather *r, const uint64_t *addresses,
                         size_t count)
{
    bool paused = r->go->image->is_live;
    r->is_still = r->is_last = true;
    gather_all(r, addresses, NULL, count);
    lg_go_read_threads(r);
    lg_go_read_waits(r);
    if (paused)
        lg_image_resume(r->go->image);
}

/* Places that were kept for goroutines which were gone at the second look. */
static void compact(struct lg_go_goroutines *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < ret->items.count; i++)
        if (ret->items.items[i].address != 0)
            ret->items.items[n++] = ret->items.items[i];
    ret->items.count = n;
}

/* Of a core: nobody wrote down when it was made. What the runtime noted last
 * is not later than that. */
static uint64_t latest_note(struct lg_go *go)
{
    static const struct {
        enum lg_go_var var;
        enum lg_go_field field;
    } notes[] = {
        {LG_VAR_WORK, LG_WORK_TSTART},
        {LG_VAR_WORK, LG_WORK_T_END},
        {LG_VAR_SCHED, LG_SCHED_LASTPOLL},
        {LG_VAR_MEMSTATS, LG_MSTATS_LAST_GC_NANOTIME},
    };
    uint64_t latest = 0, value;
    for (size_t i = 0; i < LG_COUNT(notes); i++) {
        uint64_t address = go->vars[notes[i].var];
        if (address == 0 || !lg_go_has(go->layout, notes[i].field) ||
            !lg_image_u64(
                go->image,
                address + (uint64_t)go->layout->offset[notes[i].field], &value))
            continue;
        if (value > latest && value < UINT64_MAX / 2)
            latest = value;
    }
    return latest;
}

/* A few may be gone. Most: the kernel takes the memory of a process that it
 * kills before that process has ended. */
static bool are_mostly_readable(const struct lg_go_goroutines *ret,
                                struct lg_error *err)
{
    uint64_t read = ret->total + ret->system_count + ret->dead_count;
    if (ret->unreadable_count <= read)
        return true;
    return lg_fail(err, LG_ABSENT,
                   "%" PRIu64 " of %" PRIu64
                   " goroutines could not be read: the process is ending",
                   ret->unreadable_count, ret->unreadable_count + read);
}

static bool run(struct lg_go_gather *r, struct lg_error *err)
{
    struct lg_image *image = r->go->image;
    uint64_t *addresses = NULL;
    size_t count = 0;
    bool always = r->options->freeze == LG_FREEZE_ALWAYS && image->is_live;
    if (!start(r, err) || (always && !lg_image_pause(image, err)))
        return false;
    if (!read_allgs(r, &addresses, &count, err) || !make_room(r, count, err)) {
        if (always)
            lg_image_resume(image);
        return false;
    }
    r->ret->now_ns = image->is_live ? monotonic_ns() : latest_note(r->go);
    if (always || !image->is_live) {
        gather_still(r, addresses, count);
    } else {
        gather_moving(r, addresses, count);
        lg_go_read_threads(r);
        lg_go_read_waits(r);
    }
    compact(r->ret);
    if (r->failed)
        return lg_fail_nomem(err);
    if (image->gone)
        return lg_fail(err, LG_ABSENT, "the process has ended");
    return !image->is_live || are_mostly_readable(r->ret, err);
}

bool lg_go_goroutines_read(struct lg_go *go,
                           const struct lg_go_goroutines_options *options,
                           struct lg_arena *arena, struct lg_go_goroutines *ret,
                           struct lg_error *err)
{
    struct lg_go_gather r = {
        .go = go, .options = options, .arena = arena, .ret = ret};
    uint64_t begun_ns = monotonic_ns(), pause_ns = go->image->pause_ns;
    *ret = (struct lg_go_goroutines){.go = go};
    lg_arena_init(&r.scratch, 0);
    bool ok = run(&r, err);
    lg_arena_deinit(&r.scratch);
    ret->pause_ns = go->image->pause_ns - pause_ns;
    ret->duration_ns = monotonic_ns() - begun_ns;
    return ok;
}
