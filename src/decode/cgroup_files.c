/* SPDX-License-Identifier: Apache-2.0 */
/* The small files of a memory cgroup, and its memory.stat. */
#include "decode/cgroup_files.h"

#include "base/lines.h"

#include <stddef.h>

/* v1 writes "no limit" as PAGE_COUNTER_MAX pages in bytes, which depends on
 * the page size (and was LLONG_MAX before Linux 3.19): nothing that is
 * reachable lies above 2^62. */
#define UNLIMITED_FROM_BYTES (UINT64_C(1) << 62)
/* memory.stat has about 60 lines; a later kernel may have twice that. */
#define MAX_STATS 512

struct lg_num lg_cgroup_number_parse(struct lg_str text)
{
    uint64_t n;
    if (!lg_str_u64(lg_str_trim(text), &n))
        return (struct lg_num){0};
    return lg_known(n);
}

struct lg_num lg_cgroup_limit_parse(struct lg_str text)
{
    struct lg_num n = lg_cgroup_number_parse(text);
    return n.known && n.value < UNLIMITED_FROM_BYTES ? n : (struct lg_num){0};
}

/* Which field takes a line. kernel_parts: v2 before 5.18 has no "kernel". */
struct row {
    const char *name;
    size_t offset;
    bool is_kernel_part;
};

#define ROW(name_, field, part)                                                \
    {                                                                          \
        .name = (name_), .offset = offsetof(struct lg_cgroup, field),          \
        .is_kernel_part = (part)                                               \
    }
#define NO_FIELD SIZE_MAX

static const struct row v2_rows[] = {
    ROW("anon", anon_bytes, false),
    ROW("file", file_bytes, false),
    ROW("shmem", shmem_bytes, false),
    ROW("kernel", kernel_bytes, false),
    ROW("kernel_stack", kernel_stack_bytes, true),
    ROW("pagetables", pagetables_bytes, true),
    ROW("sock", sock_bytes, true),
    ROW("slab", slab_bytes, true),
    ROW("inactive_file", inactive_file_bytes, false),
    ROW("active_file", active_file_bytes, false),
    ROW("file_dirty", dirty_bytes, false),
    {.name = "sec_pagetables", .offset = NO_FIELD, .is_kernel_part = true},
    {.name = "percpu", .offset = NO_FIELD, .is_kernel_part = true},
    {.name = "vmalloc", .offset = NO_FIELD, .is_kernel_part = true},
};

static const struct row v1_rows[] = {
    ROW("total_rss", anon_bytes, false),
    ROW("total_cache", file_bytes, false),
    ROW("total_shmem", shmem_bytes, false),
    ROW("total_inactive_file", inactive_file_bytes, false),
    ROW("total_active_file", active_file_bytes, false),
    ROW("total_dirty", dirty_bytes, false),
};

static struct lg_num *num_at(struct lg_cgroup *c, size_t offset)
{
    return (struct lg_num *)(void *)((char *)c + offset);
}

/* "name value" */
static bool stat_line(struct lg_str line, struct lg_str *name_ret,
                      uint64_t *value_ret)
{
    struct lg_cut cut = lg_str_cut_char(line, ' ');
    if (!cut.found || !lg_str_u64(lg_str_trim_right(cut.tail), value_ret))
        return false;
    *name_ret = cut.head;
    return true;
}

static void keep_stat(struct lg_cgroup *c, struct lg_arena *arena,
                      struct lg_str name, uint64_t value)
{
    struct lg_cgroup_stat *stat;
    if (c->stats.count >= MAX_STATS)
        return;
    struct lg_str copy = lg_str_dup(arena, name);
    if (copy.data == NULL || (stat = lg_push(arena, &c->stats)) == NULL)
        return;
    *stat = (struct lg_cgroup_stat){.name = copy, .value = value};
}

void lg_cgroup_stat_parse(struct lg_str text, int version,
                          struct lg_arena *arena, struct lg_cgroup *c)
{
    const struct row *rows = version == 1 ? v1_rows : v2_rows;
    size_t count = version == 1 ? LG_COUNT(v1_rows) : LG_COUNT(v2_rows);
    uint64_t value, kernel_parts = 0;
    struct lg_str line, name;
    bool has_parts = false;

    while (lg_lines_next(&text, &line)) {
        if (!stat_line(line, &name, &value))
            continue;
        if (arena != NULL)
            keep_stat(c, arena, name, value);
        for (size_t i = 0; i < count; i++) {
            if (!lg_str_eq(name, lg_str_of(rows[i].name)))
                continue;
            if (rows[i].offset != NO_FIELD)
                *num_at(c, rows[i].offset) = lg_known(value);
            if (rows[i].is_kernel_part) {
                kernel_parts += value;
                has_parts = true;
            }
            break;
        }
    }
    if (!c->kernel_bytes.known && has_parts)
        c->kernel_bytes = lg_known(kernel_parts);
}

void lg_cgroup_events_parse(struct lg_str text, struct lg_cgroup *c)
{
    struct lg_str line, name;
    uint64_t value;
    while (lg_lines_next(&text, &line)) {
        if (!stat_line(line, &name, &value))
            continue;
        if (lg_str_eq(name, LG_STR("high")))
            c->high_count = lg_known(value);
        else if (lg_str_eq(name, LG_STR("max")))
            c->max_count = lg_known(value);
        else if (lg_str_eq(name, LG_STR("oom")))
            c->oom_count = lg_known(value);
        else if (lg_str_eq(name, LG_STR("oom_kill")))
            c->oom_kill_count = lg_known(value);
        else if (lg_str_eq(name, LG_STR("oom_group_kill")))
            c->oom_group_kill_count = lg_known(value);
    }
}

void lg_cgroup_oom_control_parse(struct lg_str text, struct lg_cgroup *c)
{
    struct lg_str line, name;
    uint64_t value;
    while (lg_lines_next(&text, &line)) {
        if (!stat_line(line, &name, &value))
            continue;
        if (lg_str_eq(name, LG_STR("oom_kill_disable")))
            c->oom_kill_disabled = value != 0;
        else if (lg_str_eq(name, LG_STR("under_oom")))
            c->under_oom = value != 0;
        else if (lg_str_eq(name, LG_STR("oom_kill"))) /* Linux 4.13 */
            c->oom_kill_count = lg_known(value);
    }
}

/* "some avg10=0.12 avg60=0.00 avg300=0.00 total=123": total in µs. */
static void psi_line(struct lg_str line, double *avg10_ret,
                     uint64_t *total_ns_ret)
{
    struct lg_str word, value;
    uint64_t us;
    while (lg_str_word(&line, &word)) {
        if (lg_str_after(word, LG_STR("avg10="), &value))
            (void)lg_str_f64(value, avg10_ret);
        else if (lg_str_after(word, LG_STR("total="), &value) &&
                 lg_str_u64(value, &us) && us <= UINT64_MAX / 1000)
            *total_ns_ret = us * 1000;
    }
}

void lg_psi_parse(struct lg_str text, struct lg_psi *ret)
{
    struct lg_psi psi = {0};
    struct lg_str line, rest;
    while (lg_lines_next(&text, &line)) {
        if (lg_str_after(line, LG_STR("some "), &rest)) {
            psi_line(rest, &psi.some_avg10, &psi.some_total_ns);
            psi.known = true;
        } else if (lg_str_after(line, LG_STR("full "), &rest)) {
            psi_line(rest, &psi.full_avg10, &psi.full_total_ns);
            psi.known = true;
        }
    }
    *ret = psi;
}
