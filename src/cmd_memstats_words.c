/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_memstats.h"
#include "report/words.h"

#include <inttypes.h>

/* "8.0 MiB", or that nobody knows. */
static void put_bytes(struct lg_sb *sb, struct lg_num n)
{
    if (n.known)
        lg_sb_bytes(sb, n.value);
    else
        lg_sb_cstr(sb, "not known");
}

/* ", 18 goroutines", from the second on with the comma. */
static void put_count(struct lg_sb *sb, struct lg_num n, const char *one,
                      const char *many)
{
    if (!n.known)
        return;
    if (sb->len != 0)
        lg_sb_cstr(sb, ", ");
    lg_sb_count(sb, n.value);
    lg_sb_char(sb, ' ');
    lg_sb_cstr(sb, n.value == 1 ? one : many);
}

static void heap_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    put_bytes(sb, m->heap_alloc_bytes);
    lg_sb_cstr(sb, " in ");
    lg_sb_count(sb, m->heap_objects_count.value);
    lg_sb_cstr(sb, " objects, garbage that is not yet swept among them; ");
    put_bytes(sb, m->heap_inuse_bytes);
    lg_sb_cstr(sb, " of spans");
    if (m->heap_marked_bytes.known && m->gc_count.value > 0) {
        lg_sb_cstr(sb, "; the last collection found ");
        lg_sb_bytes(sb, m->heap_marked_bytes.value);
        lg_sb_cstr(sb, " live");
    }
}

static void idle_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    put_bytes(sb, v->m->heap_idle_bytes);
    if (!v->m->heap_released_bytes.known)
        return;
    lg_sb_cstr(sb, ", of which ");
    lg_sb_bytes(sb, v->m->heap_released_bytes.value);
    lg_sb_cstr(sb, " were given back to the system");
}

static void stack_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    put_bytes(sb, v->m->stack_inuse_bytes);
    if (v->m->goroutines_count.known) {
        lg_sb_cstr(sb, " of ");
        lg_sb_count(sb, v->m->goroutines_count.value);
        lg_sb_cstr(sb, v->m->goroutines_count.value == 1 ? " goroutine"
                                                         : " goroutines");
    }
}

static void runtime_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    const struct {
        const char *name;
        struct lg_num bytes;
    } parts[] = {
        {"spans", m->mspan_sys_bytes},       {"caches", m->mcache_sys_bytes},
        {"profile", m->buck_hash_sys_bytes}, {"collector", m->gc_sys_bytes},
        {"other", m->other_sys_bytes},
    };
    for (size_t i = 0; i < LG_COUNT(parts); i++) {
        if (!parts[i].bytes.known)
            continue;
        if (sb->len != 0)
            lg_sb_cstr(sb, ", ");
        lg_sb_fmt(sb, "%s ", parts[i].name);
        lg_sb_bytes(sb, parts[i].bytes.value);
    }
}

static void collector_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    uint64_t now = (uint64_t)v->one->capture->wall_ns;
    put_count(sb, m->gc_count, "cycle", "cycles");
    if (m->forced_gc_count.value != 0) {
        lg_sb_cstr(sb, " (");
        lg_sb_count(sb, m->forced_gc_count.value);
        lg_sb_cstr(sb, " forced)");
    }
    if (m->last_gc_unix_ns.value != 0 && now > m->last_gc_unix_ns.value) {
        lg_sb_cstr(sb, ", the last one ");
        lg_sb_duration(sb, now - m->last_gc_unix_ns.value);
        lg_sb_cstr(sb, " ago");
    }
    if (m->pause_total_ns.known) {
        lg_sb_cstr(sb, "; the world was stopped for ");
        lg_sb_duration(sb, m->pause_total_ns.value);
        lg_sb_cstr(sb, " in all");
    }
    if (m->gc_cpu_ppm.known)
        lg_sb_fmt(sb, "; %" PRIu64 ".%02" PRIu64 " %% of the processors' time",
                  m->gc_cpu_ppm.value / 10000,
                  m->gc_cpu_ppm.value % 10000 / 100);
}

static void goal_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    const struct lg_memstats *m = v->m;
    struct lg_num goal = m->next_gc_bytes;
    if (goal.known && goal.value > (uint64_t)INT64_MAX / 2)
        lg_sb_cstr(sb, "none: the collector is off");
    else
        put_bytes(sb, goal);
    if (m->gogc_percent.known && m->gogc_percent.value == UINT64_MAX)
        lg_sb_cstr(sb, "; GOGC off");
    else if (m->gogc_percent.known)
        lg_sb_fmt(sb, "; GOGC %" PRIu64, m->gogc_percent.value);
    if (!m->memory_limit_bytes.known)
        return;
    if (m->memory_limit_bytes.value == UINT64_MAX) {
        lg_sb_cstr(sb, ", no GOMEMLIMIT");
        return;
    }
    lg_sb_cstr(sb, ", GOMEMLIMIT ");
    lg_sb_bytes(sb, m->memory_limit_bytes.value);
}

static void count_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    put_count(sb, v->m->goroutines_count, "goroutine", "goroutines");
    put_count(sb, v->m->threads_count, "thread", "threads");
    put_count(sb, v->m->timers_count, "timer", "timers");
    put_count(sb, v->m->finalizers_count, "finalizer that waits",
              "finalizers that wait");
}

static void allocated_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    if (!v->m->total_alloc_bytes.known)
        return;
    lg_sb_bytes(sb, v->m->total_alloc_bytes.value);
    lg_sb_cstr(sb, " in ");
    lg_sb_count(sb, v->m->mallocs_count.value);
    lg_sb_cstr(sb, " objects since the start");
}

static void profile_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    if (v->one->has_heap_info && v->one->heap_info.compiled_out)
        lg_sb_cstr(sb, "no heap profile: the linker left it out, for nothing "
                       "in the program reads it");
    else if (!v->m->mem_profile_rate_bytes.known)
        return;
    else if (v->m->mem_profile_rate_bytes.value == 0)
        lg_sb_cstr(sb, "no heap profile: runtime.MemProfileRate is 0");
    else {
        lg_sb_cstr(sb, "one allocation in ");
        lg_sb_bytes(sb, v->m->mem_profile_rate_bytes.value);
        lg_sb_cstr(sb, " is sampled");
    }
}

static void memory_words(const struct lg_memstats_view *v, struct lg_sb *sb)
{
    struct lg_verdict verdict = {.memory = v->memory};
    struct lg_report report = {.incident = &v->one->incident,
                               .verdict = &verdict};
    lg_words_memory(&report, sb);
}

const struct lg_memstats_line lg_memstats_lines[] = {
    {"memory", memory_words},
    {"heap", heap_words},
    {"idle", idle_words},
    {"stacks", stack_words},
    {"runtime", runtime_words},
    {"collector", collector_words},
    {"next goal", goal_words},
    {"there are", count_words},
    {"allocated", allocated_words},
    {"sampling", profile_words},
    {0},
};
