/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log.h"

#include <string.h>

static struct lg_str dup_str(struct lg_arena *arena, struct lg_str s)
{
    return s.len != 0 ? lg_str_dup(arena, s) : (struct lg_str){0};
}

static bool copy_tasks(struct lg_arena *arena, const struct lg_oom_task *from,
                       size_t count, struct lg_oom_task **items,
                       size_t *capacity)
{
    struct lg_oom_task *to = lg_new(arena, struct lg_oom_task, count);
    if (to == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        to[i].comm = dup_str(arena, from[i].comm);
    }
    *items = to;
    *capacity = count;
    return true;
}

static bool copy_stats(const struct lg_oom_event *from, struct lg_arena *arena,
                       struct lg_oom_event *to)
{
    struct lg_oom_stat *stats =
        lg_new(arena, struct lg_oom_stat, from->stats.count);
    if (stats == NULL)
        return false;
    for (size_t i = 0; i < from->stats.count; i++)
        stats[i] =
            (struct lg_oom_stat){dup_str(arena, from->stats.items[i].name),
                                 from->stats.items[i].value};
    to->stats.items = stats;
    to->stats.capacity = from->stats.count;
    return true;
}

bool lg_oom_event_copy(const struct lg_oom_event *from, struct lg_arena *arena,
                       struct lg_oom_event *to_ret)
{
    struct lg_oom_event to = *from;
    struct lg_str *strings[] = {
        &to.kernel_release, &to.trigger_comm, &to.gfp_mask,    &to.constraint,
        &to.oom_memcg,      &to.task_memcg,   &to.group_memcg, &to.text};
    bool failed_before = arena->failed;
    arena->failed = false;
    for (size_t i = 0; i < LG_COUNT(strings); i++)
        *strings[i] = dup_str(arena, *strings[i]);
    bool ok = copy_stats(from, arena, &to) &&
              copy_tasks(arena, from->tasks.items, from->tasks.count,
                         &to.tasks.items, &to.tasks.capacity) &&
              copy_tasks(arena, from->victims.items, from->victims.count,
                         &to.victims.items, &to.victims.capacity) &&
              !arena->failed;
    arena->failed = arena->failed || failed_before;
    if (ok)
        *to_ret = to;
    return ok;
}
