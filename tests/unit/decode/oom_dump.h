/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what the OOM parser made of a log, as one text that can be compared
 * and kept beside the log (tests/golden/oom/). Include after cmocka.h.
 */
#ifndef LG_TESTS_OOM_DUMP_H
#define LG_TESTS_OOM_DUMP_H

#include "base/json.h"
#include "decode/oom_log.h"

/* 2026-11-21 12:00:00 UTC: dates without a year are before it. */
#define OOM_DUMP_NOW_NS (INT64_C(1795262400) * INT64_C(1000000000))

struct oom_dump {
    struct lg_sb sb;
    bool with_place; /* times, line numbers, the raw text's size */
    size_t event_count, victim_count;
    int64_t victims[64];
};

static void oom_dump_num(struct lg_json *j, const char *key, struct lg_num n)
{
    if (n.known)
        lg_json_ku64(j, key, n.value);
}

static void oom_dump_str(struct lg_json *j, const char *key, struct lg_str s)
{
    if (s.len != 0)
        lg_json_kstr(j, key, s);
}

static void oom_dump_tasks(struct lg_json *j, const char *key,
                           const struct lg_oom_task *tasks, size_t count)
{
    lg_json_key(j, key);
    lg_json_array(j);
    for (const struct lg_oom_task *t = tasks; t < tasks + count; t++) {
        lg_json_object(j);
        lg_json_ki64(j, "pid", t->pid);
        lg_json_kstr(j, "comm", t->comm);
        oom_dump_num(j, "uid", t->uid);
        oom_dump_num(j, "total_vm_bytes", t->total_vm_bytes);
        oom_dump_num(j, "rss_bytes", t->rss_bytes);
        oom_dump_num(j, "anon_rss_bytes", t->anon_rss_bytes);
        oom_dump_num(j, "file_rss_bytes", t->file_rss_bytes);
        oom_dump_num(j, "shmem_rss_bytes", t->shmem_rss_bytes);
        oom_dump_num(j, "pgtables_bytes", t->pgtables_bytes);
        oom_dump_num(j, "swap_bytes", t->swap_bytes);
        if (t->has_oom_score_adj)
            lg_json_ki64(j, "oom_score_adj", t->oom_score_adj);
        if (t->reaped)
            lg_json_kbool(j, "reaped", true);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static void oom_dump_numbers(struct lg_json *j, const struct lg_oom_event *e)
{
    oom_dump_num(j, "order", e->order);
    oom_dump_num(j, "user_rip", e->user_rip);
    oom_dump_num(j, "user_rsp", e->user_rsp);
    oom_dump_num(j, "user_rbp", e->user_rbp);
    oom_dump_num(j, "usage_bytes", e->usage_bytes);
    oom_dump_num(j, "limit_bytes", e->limit_bytes);
    oom_dump_num(j, "failcnt", e->failcnt);
    oom_dump_num(j, "memsw_usage_bytes", e->memsw_usage_bytes);
    oom_dump_num(j, "memsw_limit_bytes", e->memsw_limit_bytes);
    oom_dump_num(j, "swap_usage_bytes", e->swap_usage_bytes);
    oom_dump_num(j, "swap_limit_bytes", e->swap_limit_bytes);
    oom_dump_num(j, "kmem_usage_bytes", e->kmem_usage_bytes);
    oom_dump_num(j, "kmem_limit_bytes", e->kmem_limit_bytes);
    oom_dump_num(j, "host_total_bytes", e->host_total_bytes);
    oom_dump_num(j, "host_free_bytes", e->host_free_bytes);
    oom_dump_num(j, "swap_total_bytes", e->swap_total_bytes);
    oom_dump_num(j, "swap_free_bytes", e->swap_free_bytes);
}

static void oom_dump_flags(struct lg_json *j, const struct lg_oom_event *e)
{
    const struct {
        const char *key;
        bool set;
    } flags[] = {
        {"oom_group", e->oom_group},
        {"no_killable", e->no_killable},
        {"already_exiting", e->already_exiting},
        {"rate_limited", e->rate_limited},
        {"truncated", e->truncated},
        {"panic", e->panic},
    };
    for (size_t i = 0; i < LG_COUNT(flags); i++)
        if (flags[i].set)
            lg_json_kbool(j, flags[i].key, true);
}

static void oom_dump_place(struct lg_json *j, const struct lg_oom_event *e)
{
    lg_json_ktime(j, "wall", e->wall_ns);
    lg_json_ku64(j, "uptime_ns", e->uptime_ns);
    lg_json_ku64(j, "line_first", e->line_first);
    lg_json_ku64(j, "line_last", e->line_last);
    lg_json_ku64(j, "text_bytes", e->text.len);
}

static bool oom_dump_event(void *context, const struct lg_oom_event *e)
{
    struct oom_dump *d = context;
    struct lg_json j;
    lg_json_init_sb(&j, &d->sb, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "scope", lg_oom_scope_name(e->scope));
    if (d->with_place)
        oom_dump_place(&j, e);
    oom_dump_str(&j, "constraint", e->constraint);
    oom_dump_str(&j, "kernel_release", e->kernel_release);
    oom_dump_str(&j, "trigger_comm", e->trigger_comm);
    lg_json_ki64(&j, "trigger_pid", e->trigger_pid);
    oom_dump_str(&j, "gfp_mask", e->gfp_mask);
    oom_dump_str(&j, "oom_memcg", e->oom_memcg);
    oom_dump_str(&j, "task_memcg", e->task_memcg);
    oom_dump_str(&j, "group_memcg", e->group_memcg);
    oom_dump_flags(&j, e);
    oom_dump_numbers(&j, e);
    lg_json_key(&j, "stats");
    lg_json_object(&j);
    lg_each(stat, e->stats) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", LG_STR_ARG(stat->name));
        lg_json_ku64(&j, name, stat->value);
    }
    lg_json_object_end(&j);
    oom_dump_tasks(&j, "victims", e->victims.items, e->victims.count);
    oom_dump_tasks(&j, "tasks", e->tasks.items, e->tasks.count);
    lg_json_object_end(&j);
    assert_true(lg_json_finish(&j));
    d->event_count++;
    lg_each(v, e->victims) {
        if (d->victim_count < LG_COUNT(d->victims))
            d->victims[d->victim_count++] = v->pid;
    }
    return true;
}

static struct lg_oom_parser *
oom_dump_begin(struct oom_dump *d, struct lg_arena *arena, bool with_place)
{
    struct lg_oom_options options = {.now_ns = OOM_DUMP_NOW_NS};
    *d = (struct oom_dump){.with_place = with_place};
    lg_sb_init(&d->sb, arena);
    struct lg_oom_parser *p =
        lg_oom_parser_create(&options, oom_dump_event, d, NULL);
    assert_non_null(p);
    return p;
}

/* All of the log at once. */
static void oom_dump(struct lg_str log, struct lg_arena *arena, bool with_place,
                     struct oom_dump *d)
{
    struct lg_oom_parser *p = oom_dump_begin(d, arena, with_place);
    assert_true(lg_oom_parser_feed(p, log, NULL));
    assert_true(lg_oom_parser_finish(p, NULL));
    lg_oom_parser_destroy(p);
}

#endif
