/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/count_text.h"
#include "decode/heap_text.h"

#include <stddef.h>

/* Go keeps the last 256 pauses; their sum is the total up to so many cycles. */
#define PAUSES_KEPT 256

/* "# Name = value", or "# Name = inuse / sys". */
struct row {
    struct lg_str name;
    size_t first, second; /* offsets in struct lg_memstats; 0: none */
};
/* The struct's first member is never a second number, so 0 is free. */
#define AT(member) offsetof(struct lg_memstats, member)

static const struct row rows[] = {
    {LG_STR("HeapAlloc"), AT(heap_alloc_bytes), 0},
    {LG_STR("HeapSys"), AT(heap_sys_bytes), 0},
    {LG_STR("HeapIdle"), AT(heap_idle_bytes), 0},
    {LG_STR("HeapInuse"), AT(heap_inuse_bytes), 0},
    {LG_STR("HeapReleased"), AT(heap_released_bytes), 0},
    {LG_STR("HeapObjects"), AT(heap_objects_count), 0},
    {LG_STR("Stack"), AT(stack_inuse_bytes), AT(stack_sys_bytes)},
    {LG_STR("MSpan"), AT(mspan_inuse_bytes), AT(mspan_sys_bytes)},
    {LG_STR("MCache"), AT(mcache_inuse_bytes), AT(mcache_sys_bytes)},
    {LG_STR("BuckHashSys"), AT(buck_hash_sys_bytes), 0},
    {LG_STR("GCSys"), AT(gc_sys_bytes), 0},
    {LG_STR("OtherSys"), AT(other_sys_bytes), 0},
    {LG_STR("Sys"), AT(sys_bytes), 0},
    {LG_STR("TotalAlloc"), AT(total_alloc_bytes), 0},
    {LG_STR("Mallocs"), AT(mallocs_count), 0},
    {LG_STR("Frees"), AT(frees_count), 0},
    {LG_STR("NextGC"), AT(next_gc_bytes), 0},
    {LG_STR("NumGC"), AT(gc_count), 0},
    {LG_STR("NumForcedGC"), AT(forced_gc_count), 0},
    {LG_STR("LastGC"), AT(last_gc_unix_ns), 0},
    {LG_STR("MaxRSS"), AT(max_rss_bytes), 0},
};

static void set(struct lg_memstats *stats, size_t offset, uint64_t value)
{
    *(struct lg_num *)((char *)stats + offset) = lg_known(value);
}

static void set_row(struct lg_memstats *stats, const struct row *row,
                    struct lg_str text)
{
    uint64_t first, second;
    struct lg_cut cut = lg_str_cut(text, LG_STR(" / "));
    if (lg_str_u64(cut.head, &first))
        set(stats, row->first, first);
    if (row->second != 0 && cut.found && lg_str_u64(cut.tail, &second))
        set(stats, row->second, second);
}

/* "[12000 34000 0 0 …]" */
static struct lg_num sum_of(struct lg_str list)
{
    uint64_t total = 0, n;
    struct lg_str word;
    if (!lg_str_after(list, LG_STR("["), &list) ||
        !lg_str_ends(list, LG_STR("]")))
        return (struct lg_num){0};
    list.len--;
    while (lg_str_word(&list, &word))
        if (!lg_str_u64(word, &n) || __builtin_add_overflow(total, n, &total))
            return (struct lg_num){0};
    return lg_known(total);
}

static void set_line(struct lg_memstats *stats, struct lg_str name,
                     struct lg_str text)
{
    if (lg_str_eq(name, LG_STR("PauseNs")))
        stats->pause_total_ns = sum_of(text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (lg_str_eq(name, rows[i].name))
            set_row(stats, &rows[i], text);
}

/* The trailer comes last, so it is looked for from the end. */
static bool find_trailer(struct lg_str bytes, struct lg_str *rest_ret)
{
    struct lg_cut cut = lg_str_rcut(bytes, LG_STR("\n# runtime.MemStats"));
    if (!cut.found)
        return false;
    *rest_ret = lg_str_cut_char(cut.tail, '\n').tail;
    return true;
}

bool lg_heap_text_memstats(struct lg_str bytes, struct lg_memstats *ret,
                           struct lg_error *err)
{
    struct lg_memstats stats = {0};
    struct lg_str rest, line;
    if (!find_trailer(bytes, &rest))
        return lg_fail(err, LG_ABSENT, "no \"# runtime.MemStats\" in the text");
    while (lg_count_line_next(&rest, &line)) {
        if (!lg_str_after(line, LG_STR("# "), &line))
            continue;
        struct lg_cut cut = lg_str_cut(line, LG_STR(" = "));
        if (cut.found)
            set_line(&stats, cut.head, cut.tail);
    }
    if (!stats.gc_count.known || stats.gc_count.value > PAUSES_KEPT)
        stats.pause_total_ns = (struct lg_num){0};
    *ret = stats;
    return true;
}
