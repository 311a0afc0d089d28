/* SPDX-License-Identifier: Apache-2.0 */
/* One kill as JSON: first the fields of the report's `end`, then what only
 * the kernel's own report has. */
#include "base/lines.h"
#include "report/json_parts.h"

#include <string.h>

static void kpid(struct lg_json *j, int64_t pid)
{
    if (pid != 0)
        lg_json_ki64(j, "pid", pid);
    else
        lg_json_knull(j, "pid");
}

static void task_json(const struct lg_oom_task *t, bool all, struct lg_json *j)
{
    lg_json_object(j);
    kpid(j, t->pid);
    lg_report_kstr_or_null(j, "comm", t->comm);
    lg_report_knum(j, "total_vm_bytes", t->total_vm_bytes);
    lg_report_knum(j, "anon_rss_bytes", t->anon_rss_bytes);
    lg_report_knum(j, "file_rss_bytes", t->file_rss_bytes);
    lg_report_knum(j, "shmem_rss_bytes", t->shmem_rss_bytes);
    lg_report_knum(j, "pgtables_bytes", t->pgtables_bytes);
    if (t->has_oom_score_adj)
        lg_json_ki64(j, "oom_score_adj", t->oom_score_adj);
    else
        lg_json_knull(j, "oom_score_adj");
    if (all) {
        lg_report_knum(j, "rss_bytes", t->rss_bytes);
        lg_report_knum(j, "swap_bytes", t->swap_bytes);
        lg_report_knum(j, "uid", t->uid);
        lg_json_kbool(j, "reaped", t->reaped);
    }
    lg_json_object_end(j);
}

static void trigger_json(const struct lg_oom_event *e, struct lg_json *j)
{
    lg_json_key(j, "trigger");
    if (e->trigger_pid == 0 && e->trigger_comm.len == 0) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    kpid(j, e->trigger_pid);
    lg_report_kstr_or_null(j, "comm", e->trigger_comm);
    lg_json_object_end(j);
}

static void memcg_json(const struct lg_oom_event *e, struct lg_json *j)
{
    lg_json_key(j, "memcg");
    if (e->oom_memcg.len == 0 && !e->usage_bytes.known) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_report_kstr_or_null(j, "path", e->oom_memcg);
    lg_report_knum(j, "usage_bytes", e->usage_bytes);
    lg_report_knum(j, "limit_bytes", e->limit_bytes);
    lg_report_knum(j, "failcnt", e->failcnt);
    lg_json_object_end(j);
}

static void log_json(const struct lg_oom_event *e, struct lg_json *j)
{
    struct lg_str rest = e->text, line;
    lg_json_key(j, "kernel_log");
    lg_json_array(j);
    while (lg_lines_next(&rest, &line))
        lg_json_str(j, line);
    lg_json_array_end(j);
}

static void end_json(const struct lg_oom_event *e, struct lg_json *j)
{
    bool killed = e->victims.count != 0 && !e->already_exiting;
    lg_json_kcstr(j, "kind", "oom-kill");
    lg_json_kcstr(j, "scope", lg_oom_scope_name(e->scope));
    lg_json_ktime(j, "time", e->wall_ns);
    lg_report_kstr_or_null(j, "constraint", e->constraint);
    if (killed)
        lg_json_ki64(j, "signal", 9);
    else
        lg_json_knull(j, "signal");
    lg_json_knull(j, "exit_code");
    trigger_json(e, j);
    lg_json_key(j, "victim");
    if (e->victims.count != 0)
        task_json(&e->victims.items[0], false, j);
    else
        lg_json_null(j);
    memcg_json(e, j);
    log_json(e, j);
}

static void tasks_json(const char *key, const struct lg_oom_task *tasks,
                       size_t count, struct lg_json *j)
{
    lg_json_key(j, key);
    lg_json_array(j);
    for (size_t i = 0; i < count; i++)
        task_json(&tasks[i], true, j);
    lg_json_array_end(j);
}

static void identity_json(const struct lg_identity *who, struct lg_json *j)
{
    lg_json_key(j, "identity");
    if (who == NULL) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_report_kstr_or_null(j, "unit", who->unit);
    lg_report_kstr_or_null(j, "slice", who->slice);
    lg_report_kstr_or_null(j, "runtime", who->runtime);
    lg_report_kstr_or_null(j, "container_id", who->container_id);
    lg_report_kstr_or_null(j, "pod_uid", who->pod_uid);
    lg_report_kstr_or_null(j, "qos", who->qos);
    lg_json_object_end(j);
}

/* {"cache":4096,"rss":267620352,…} */
static void stats_json(const struct lg_oom_event *e, struct lg_json *j)
{
    char key[64]; /* memory.stat's longest has 31 letters */
    lg_json_key(j, "stats");
    lg_json_object(j);
    lg_each(stat, e->stats) {
        if (stat->name.len >= sizeof key)
            continue;
        memcpy(key, stat->name.data, stat->name.len);
        key[stat->name.len] = '\0';
        lg_json_ku64(j, key, stat->value);
    }
    lg_json_object_end(j);
}

static void counters_json(const struct lg_oom_event *e, struct lg_json *j)
{
    const struct {
        const char *key;
        struct lg_num n;
    } rows[] = {
        {"order", e->order},
        {"memsw_usage_bytes", e->memsw_usage_bytes},
        {"memsw_limit_bytes", e->memsw_limit_bytes},
        {"swap_usage_bytes", e->swap_usage_bytes},
        {"swap_limit_bytes", e->swap_limit_bytes},
        {"kmem_usage_bytes", e->kmem_usage_bytes},
        {"kmem_limit_bytes", e->kmem_limit_bytes},
        {"host_total_bytes", e->host_total_bytes},
        {"host_free_bytes", e->host_free_bytes},
        {"swap_total_bytes", e->swap_total_bytes},
        {"swap_free_bytes", e->swap_free_bytes},
        {"user_rip", e->user_rip},
        {"user_rsp", e->user_rsp},
        {"user_rbp", e->user_rbp},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++)
        lg_report_knum(j, rows[i].key, rows[i].n);
}

static void flags_json(const struct lg_oom_event *e, struct lg_json *j)
{
    lg_json_kbool(j, "oom_group", e->oom_group);
    lg_json_kbool(j, "no_killable", e->no_killable);
    lg_json_kbool(j, "already_exiting", e->already_exiting);
    lg_json_kbool(j, "rate_limited", e->rate_limited);
    lg_json_kbool(j, "truncated", e->truncated);
    lg_json_kbool(j, "panic", e->panic);
}

void lg_oom_json_who(const struct lg_oom_event *event,
                     const struct lg_identity *who, struct lg_json *j)
{
    lg_json_object(j);
    end_json(event, j);
    tasks_json("victims", event->victims.items, event->victims.count, j);
    identity_json(who, j);
    lg_report_kstr_or_null(j, "task_memcg", event->task_memcg);
    lg_report_kstr_or_null(j, "group_memcg", event->group_memcg);
    flags_json(event, j);
    lg_json_ku64(j, "uptime_ns", event->uptime_ns);
    lg_report_kstr_or_null(j, "kernel_release", event->kernel_release);
    lg_report_kstr_or_null(j, "gfp_mask", event->gfp_mask);
    counters_json(event, j);
    stats_json(event, j);
    tasks_json("tasks", event->tasks.items, event->tasks.count, j);
    lg_json_ku64(j, "tasks_dropped", event->tasks_dropped_count);
    lg_json_ku64(j, "line_first", event->line_first);
    lg_json_ku64(j, "line_last", event->line_last);
    lg_json_object_end(j);
}

void lg_oom_json(const struct lg_oom_event *event, struct lg_json *j)
{
    lg_oom_json_who(event, NULL, j);
}
