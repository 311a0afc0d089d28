/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_memstats.h"

#include "target/go_procs.h"

#include <stddef.h>

/* runtime.mstats is 7 to 15 KiB. */
#define MAX_STRUCT_BYTES ((int32_t)64 << 10)
#define SHARDS 3
/* Go 1.27: runtime/mgcpacer.go. Before 1.21 the headroom was constant. */
#define MIN_RUNWAY_BYTES ((uint64_t)64 << 10)
#define MIN_HEADROOM_BYTES ((uint64_t)1 << 20)
#define HEADROOM_PERCENT 3
#define NO_LIMIT ((uint64_t)INT64_MAX)

struct reader {
    struct lg_go *go;
    struct lg_memstats *out;
    struct lg_go_unflushed unflushed;
    const uint8_t *stats; /* runtime.memstats; NULL: not read */
    const uint8_t *gc;    /* runtime.gcController */
};

/* Sums over the shards of memstats.heapStats. */
struct shards {
    uint64_t stack_bytes, work_buf_bytes, bit_bytes;
    uint64_t alloc_bytes, free_bytes, allocs, frees;
};

static const uint8_t *copy_of(struct lg_go *go, enum lg_go_var variable,
                              enum lg_go_field size, struct lg_arena *arena)
{
    int32_t bytes = go->layout->offset[size];
    if (go->vars[variable] == 0 || bytes <= 0 || bytes > MAX_STRUCT_BYTES)
        return NULL;
    struct lg_str copy =
        lg_image_copy(go->image, go->vars[variable], (size_t)bytes, arena);
    return copy.len != 0 ? (const uint8_t *)copy.data : NULL;
}

static bool has(const struct reader *r, enum lg_go_field field)
{
    return lg_go_has(r->go->layout, field);
}

static struct lg_num stat(const struct reader *r, enum lg_go_field field)
{
    if (r->stats == NULL || !has(r, field))
        return (struct lg_num){0};
    return lg_known(lg_go_get(r->go, r->stats, field));
}

static struct lg_num control(const struct reader *r, enum lg_go_field field)
{
    if (r->gc == NULL || !has(r, field))
        return (struct lg_num){0};
    return lg_known(lg_go_get(r->go, r->gc, field));
}

/* Known when both are. */
static struct lg_num plus(struct lg_num a, struct lg_num b)
{
    return a.known && b.known ? lg_known(a.value + b.value)
                              : (struct lg_num){0};
}

static struct lg_num minus(struct lg_num a, struct lg_num b)
{
    return a.known && b.known && a.value >= b.value
               ? lg_known(a.value - b.value)
               : (struct lg_num){0};
}

/* A layout may come out of the program's own DWARF. */
static bool are_shards_fit(const struct lg_go_layout *l)
{
    static const enum lg_go_field needed[] = {
        LG_MSTATS_HEAP_STATS,           LG_HEAP_STATS_SMALL_ALLOC_COUNT,
        LG_HEAP_STATS_SMALL_FREE_COUNT, LG_HEAP_STATS_LARGE_ALLOC,
        LG_HEAP_STATS_LARGE_FREE,       LG_HEAP_STATS_IN_STACKS,
    };
    for (size_t i = 0; i < LG_COUNT(needed); i++)
        if (!lg_go_has(l, needed[i]))
            return false;
    int64_t stride = l->offset[LG_MSTATS_HEAP_STATS_STRIDE];
    int64_t last = stride - (int64_t)LG_GO_SIZE_CLASSES * 8;
    return l->offset[LG_MSTATS_HEAP_STATS_COUNT] == SHARDS &&
           l->offset[LG_HEAP_STATS_CLASS_COUNT] == LG_GO_SIZE_CLASSES &&
           l->offset[LG_HEAP_STATS_SIZE] <= stride &&
           l->offset[LG_HEAP_STATS_SMALL_ALLOC_COUNT] <= last &&
           l->offset[LG_HEAP_STATS_SMALL_FREE_COUNT] <= last &&
           l->offset[LG_MSTATS_HEAP_STATS] <=
               l->offset[LG_MSTATS_SIZE] - SHARDS * stride;
}

static uint64_t word(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static void add_shard(const struct lg_go *go, const uint8_t *shard,
                      struct shards *sum)
{
    const struct lg_go_layout *l = go->layout;
    uint64_t tiny = lg_go_get(go, shard, LG_HEAP_STATS_TINY_ALLOC_COUNT);
    sum->stack_bytes += lg_go_get(go, shard, LG_HEAP_STATS_IN_STACKS);
    sum->work_buf_bytes += lg_go_get(go, shard, LG_HEAP_STATS_IN_WORK_BUFS);
    sum->bit_bytes += lg_go_get(go, shard, LG_HEAP_STATS_IN_PTR_SCALAR_BITS);
    sum->alloc_bytes += lg_go_get(go, shard, LG_HEAP_STATS_LARGE_ALLOC);
    sum->free_bytes += lg_go_get(go, shard, LG_HEAP_STATS_LARGE_FREE);
    sum->allocs += tiny + lg_go_get(go, shard, LG_HEAP_STATS_LARGE_ALLOC_COUNT);
    sum->frees += tiny + lg_go_get(go, shard, LG_HEAP_STATS_LARGE_FREE_COUNT);
    for (size_t i = 0; i < LG_GO_SIZE_CLASSES; i++) {
        uint64_t made =
            word(shard + l->offset[LG_HEAP_STATS_SMALL_ALLOC_COUNT] + i * 8);
        uint64_t freed =
            word(shard + l->offset[LG_HEAP_STATS_SMALL_FREE_COUNT] + i * 8);
        sum->allocs += made;
        sum->frees += freed;
        sum->alloc_bytes += made * lg_go_class_bytes[i];
        sum->free_bytes += freed * lg_go_class_bytes[i];
    }
}

static void add_unflushed(const struct lg_go_unflushed *u, struct shards *sum)
{
    sum->allocs += u->tiny_allocs;
    sum->frees += u->tiny_allocs;
    for (size_t i = 0; i < LG_GO_SIZE_CLASSES; i++) {
        sum->allocs += (uint64_t)u->class_allocs[i];
        sum->alloc_bytes += (uint64_t)u->class_allocs[i] * lg_go_class_bytes[i];
    }
}

static void set_from_shards(struct reader *r)
{
    const struct lg_go_layout *l = r->go->layout;
    struct shards sum = {0};
    struct lg_memstats *out = r->out;
    if (r->stats == NULL || !are_shards_fit(l))
        return;
    for (size_t i = 0; i < SHARDS; i++)
        add_shard(r->go,
                  r->stats + l->offset[LG_MSTATS_HEAP_STATS] +
                      i * (size_t)l->offset[LG_MSTATS_HEAP_STATS_STRIDE],
                  &sum);
    add_unflushed(&r->unflushed, &sum);
    out->total_alloc_bytes = lg_known(sum.alloc_bytes);
    out->mallocs_count = lg_known(sum.allocs);
    out->frees_count = lg_known(sum.frees);
    out->heap_alloc_bytes =
        minus(lg_known(sum.alloc_bytes), lg_known(sum.free_bytes));
    out->heap_objects_count = minus(lg_known(sum.allocs), lg_known(sum.frees));
    out->stack_inuse_bytes = lg_known(sum.stack_bytes);
    out->stack_sys_bytes =
        plus(lg_known(sum.stack_bytes), stat(r, LG_MSTATS_STACKS_SYS));
    out->gc_sys_bytes = plus(stat(r, LG_MSTATS_GC_MISC_SYS),
                             lg_known(sum.work_buf_bytes + sum.bit_bytes));
}

/* Go 1.19 moved these from mstats to the pacer. */
static void set_heap(struct reader *r)
{
    struct lg_memstats *out = r->out;
    if (has(r, LG_GC_HEAP_IN_USE)) {
        out->heap_inuse_bytes = control(r, LG_GC_HEAP_IN_USE);
        out->heap_released_bytes = control(r, LG_GC_HEAP_RELEASED);
        out->heap_idle_bytes =
            plus(control(r, LG_GC_HEAP_FREE), out->heap_released_bytes);
        out->heap_sys_bytes = plus(out->heap_inuse_bytes, out->heap_idle_bytes);
    } else {
        out->heap_inuse_bytes = stat(r, LG_MSTATS_HEAP_INUSE);
        out->heap_released_bytes = stat(r, LG_MSTATS_HEAP_RELEASED);
        out->heap_sys_bytes = stat(r, LG_MSTATS_HEAP_SYS);
        out->heap_idle_bytes =
            minus(out->heap_sys_bytes, out->heap_inuse_bytes);
    }
}

static struct lg_num heap_field(struct lg_go *go, enum lg_go_field field)
{
    uint64_t value, heap = go->vars[LG_VAR_MHEAP];
    if (heap == 0 || !lg_go_has(go->layout, field) ||
        !lg_image_u64(go->image, heap + (uint64_t)go->layout->offset[field],
                      &value))
        return (struct lg_num){0};
    return lg_known(value);
}

static void set_runtime(struct reader *r)
{
    struct lg_memstats *out = r->out;
    out->mspan_inuse_bytes = heap_field(r->go, LG_MHEAP_SPANALLOC_INUSE);
    out->mcache_inuse_bytes = heap_field(r->go, LG_MHEAP_CACHEALLOC_INUSE);
    out->mspan_sys_bytes = stat(r, LG_MSTATS_MSPAN_SYS);
    out->mcache_sys_bytes = stat(r, LG_MSTATS_MCACHE_SYS);
    out->buck_hash_sys_bytes = stat(r, LG_MSTATS_BUCKHASH_SYS);
    out->other_sys_bytes = stat(r, LG_MSTATS_OTHER_SYS);
    struct lg_num sum = plus(out->heap_sys_bytes, out->stack_sys_bytes);
    sum = plus(sum, plus(out->mspan_sys_bytes, out->mcache_sys_bytes));
    sum = plus(sum, plus(out->buck_hash_sys_bytes, out->gc_sys_bytes));
    out->sys_bytes = plus(sum, out->other_sys_bytes);
}

/* What GOMEMLIMIT leaves to the heap. */
static uint64_t goal_of_limit(const struct reader *r)
{
    uint64_t limit = control(r, LG_GC_MEMORY_LIMIT).value;
    uint64_t ready = control(r, LG_GC_MAPPED_READY).value;
    uint64_t marked = control(r, LG_GC_HEAP_MARKED).value;
    uint64_t heap = control(r, LG_GC_HEAP_FREE).value +
                    control(r, LG_GC_TOTAL_ALLOC).value +
                    r->unflushed.alloc_bytes -
                    control(r, LG_GC_TOTAL_FREE).value;
    uint64_t other = ready > heap ? ready - heap : 0;
    other += ready > limit ? ready - limit : 0;
    if (other >= limit)
        return marked;
    uint64_t goal = limit - other, headroom = MIN_HEADROOM_BYTES;
    bool constant = r->go->minor != 0 && r->go->minor <= 20;
    if (!constant && goal / 100 * HEADROOM_PERCENT > headroom)
        headroom = goal / 100 * HEADROOM_PERCENT;
    goal = goal < 2 * headroom ? headroom : goal - headroom;
    return goal > marked ? goal : marked;
}

/* Go 1.27: runtime/mgcpacer.go, heapGoalInternal. */
static struct lg_num heap_goal(const struct reader *r)
{
    if (has(r, LG_GC_HEAP_GOAL)) /* before 1.19 */
        return control(r, LG_GC_HEAP_GOAL);
    struct lg_num percent = control(r, LG_GC_PERCENT_HEAP_GOAL);
    if (!percent.known)
        return percent;
    uint64_t goal = percent.value, by_limit = goal_of_limit(r);
    if (by_limit < goal)
        return lg_known(by_limit);
    uint64_t sweep = control(r, LG_GC_SWEEP_DIST_MIN_TRIGGER).value;
    uint64_t triggered = control(r, LG_GC_TRIGGERED).value;
    if (sweep > goal)
        goal = sweep;
    if (triggered != UINT64_MAX && goal < triggered + MIN_RUNWAY_BYTES)
        goal = triggered + MIN_RUNWAY_BYTES;
    return lg_known(goal);
}

static struct lg_num gc_cpu_ppm(const struct reader *r)
{
    struct lg_num bits = stat(r, LG_MSTATS_GC_CPU_FRACTION);
    double fraction;
    memcpy(&fraction, &bits.value, sizeof fraction);
    if (!bits.known || !(fraction >= 0 && fraction <= 1))
        return (struct lg_num){0};
    return lg_known((uint64_t)(fraction * 1e6 + 0.5));
}

static void set_collector(struct reader *r)
{
    struct lg_memstats *out = r->out;
    out->next_gc_bytes = heap_goal(r);
    out->gc_count = stat(r, LG_MSTATS_NUMGC);
    out->forced_gc_count = stat(r, LG_MSTATS_NUMFORCEDGC);
    out->last_gc_unix_ns = stat(r, LG_MSTATS_LAST_GC_UNIX);
    out->pause_total_ns = stat(r, LG_MSTATS_PAUSE_TOTAL_NS);
    out->gc_cpu_ppm = gc_cpu_ppm(r);
    out->heap_marked_bytes = control(r, LG_GC_HEAP_MARKED);
    out->heap_live_bytes =
        minus(control(r, LG_GC_HEAP_LIVE), lg_known(r->unflushed.unused_bytes));
    struct lg_num percent = control(r, LG_GC_PERCENT);
    if (percent.known)
        out->gogc_percent = (int32_t)percent.value < 0
                                ? lg_known(UINT64_MAX)
                                : lg_known((uint32_t)percent.value);
    struct lg_num limit = control(r, LG_GC_MEMORY_LIMIT);
    if (limit.known)
        out->memory_limit_bytes =
            limit.value >= NO_LIMIT ? lg_known(UINT64_MAX) : limit;
}

static void set_profile_rate(struct reader *r)
{
    uint64_t rate, address = r->go->vars[LG_VAR_MEM_PROFILE_RATE];
    if (address != 0 && lg_image_u64(r->go->image, address, &rate))
        r->out->mem_profile_rate_bytes = lg_known((int64_t)rate > 0 ? rate : 0);
}

/* false: out of memory. */
static bool read_all(struct reader *r, struct lg_arena *scratch)
{
    struct lg_go_procs procs;
    if (!lg_go_procs_read(r->go, scratch, &procs) ||
        !lg_go_unflushed_read(r->go, &procs, scratch, &r->unflushed))
        return false;
    r->stats = copy_of(r->go, LG_VAR_MEMSTATS, LG_MSTATS_SIZE, scratch);
    r->gc = copy_of(r->go, LG_VAR_GC_CONTROLLER, LG_GC_SIZE, scratch);
    set_from_shards(r);
    set_heap(r);
    set_runtime(r);
    set_collector(r);
    set_profile_rate(r);
    r->out->timers_count = lg_go_timers_count(r->go, &procs);
    r->out->goroutines_count = lg_go_goroutines_count(r->go, &procs);
    r->out->threads_count = lg_go_threads_count(r->go);
    r->out->finalizers_count = lg_go_finalizers_count(r->go);
    return true;
}

bool lg_go_memstats_read(struct lg_go *go, struct lg_memstats *ret,
                         struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_memstats out = {0};
    struct reader r = {.go = go, .out = &out};
    lg_arena_init(&scratch, 0);
    bool ok = read_all(&r, &scratch);
    bool found = r.stats != NULL || r.gc != NULL || out.goroutines_count.known;
    lg_arena_deinit(&scratch);
    if (!ok)
        return lg_fail_nomem(err);
    if (!found)
        return lg_fail(err, LG_ABSENT,
                       "the runtime's memory statistics were not found%s",
                       go->image->gone ? ": the process has ended" : "");
    *ret = out;
    return true;
}
