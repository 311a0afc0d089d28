/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lines.h"
#include "report/json_parts.h"
#include "report/words.h"

static const char *end_kind_name(enum lg_end_kind kind)
{
    switch (kind) {
    case LG_END_RUNNING:
        return "running";
    case LG_END_OOM_KILL:
        return "oom-kill";
    case LG_END_SIGNAL:
        return "signal";
    case LG_END_EXIT:
        return "exit";
    case LG_END_UNKNOWN:
        break;
    }
    return NULL;
}

static void trigger_json(const struct lg_oom_event *oom, struct lg_json *j)
{
    lg_json_key(j, "trigger");
    if (oom == NULL || (oom->trigger_pid == 0 && oom->trigger_comm.len == 0)) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    if (oom->trigger_pid != 0)
        lg_json_ki64(j, "pid", oom->trigger_pid);
    else
        lg_json_knull(j, "pid");
    lg_report_kstr_or_null(j, "comm", oom->trigger_comm);
    lg_json_object_end(j);
}

static void victim_json(const struct lg_oom_task *victim, struct lg_json *j)
{
    lg_json_key(j, "victim");
    if (victim == NULL) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    if (victim->pid != 0)
        lg_json_ki64(j, "pid", victim->pid);
    else
        lg_json_knull(j, "pid");
    lg_report_kstr_or_null(j, "comm", victim->comm);
    lg_report_knum(j, "total_vm_bytes", victim->total_vm_bytes);
    lg_report_knum(j, "anon_rss_bytes", victim->anon_rss_bytes);
    lg_report_knum(j, "file_rss_bytes", victim->file_rss_bytes);
    lg_report_knum(j, "shmem_rss_bytes", victim->shmem_rss_bytes);
    lg_report_knum(j, "pgtables_bytes", victim->pgtables_bytes);
    if (victim->has_oom_score_adj)
        lg_json_ki64(j, "oom_score_adj", victim->oom_score_adj);
    else
        lg_json_knull(j, "oom_score_adj");
    lg_json_object_end(j);
}

static void memcg_json(const struct lg_oom_event *oom, struct lg_json *j)
{
    lg_json_key(j, "memcg");
    if (oom == NULL || (oom->oom_memcg.len == 0 && !oom->usage_bytes.known &&
                        !oom->limit_bytes.known)) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_report_kstr_or_null(j, "path", oom->oom_memcg);
    lg_report_knum(j, "usage_bytes", oom->usage_bytes);
    lg_report_knum(j, "limit_bytes", oom->limit_bytes);
    lg_report_knum(j, "failcnt", oom->failcnt);
    lg_json_object_end(j);
}

static void kernel_log_json(const struct lg_oom_event *oom, struct lg_json *j)
{
    lg_json_key(j, "kernel_log");
    lg_json_array(j);
    struct lg_str rest = oom != NULL ? oom->text : LG_STR(""), line;
    while (lg_lines_next(&rest, &line))
        lg_json_str(j, line);
    lg_json_array_end(j);
}

void lg_report_end_json(const struct lg_incident *in, struct lg_json *j)
{
    const struct lg_end *end = &in->end;
    const struct lg_oom_event *oom = end->has_oom ? &end->oom : NULL;
    int64_t wall_ns =
        end->wall_ns != 0 || oom == NULL ? end->wall_ns : oom->wall_ns;
    lg_json_object(j);
    lg_json_kcstr(j, "kind", end_kind_name(end->kind));
    lg_json_kcstr(j, "scope",
                  oom != NULL ? lg_oom_scope_name(oom->scope) : NULL);
    lg_json_ktime(j, "time", wall_ns);
    lg_report_kstr_or_null(j, "constraint",
                           oom != NULL ? oom->constraint : LG_STR(""));
    if (end->signal != 0)
        lg_json_ki64(j, "signal", end->signal);
    else
        lg_json_knull(j, "signal");
    if (end->kind == LG_END_EXIT)
        lg_json_ki64(j, "exit_code", end->exit_code);
    else
        lg_json_knull(j, "exit_code");
    trigger_json(oom, j);
    victim_json(lg_words_victim(in), j);
    memcg_json(oom, j);
    kernel_log_json(oom, j);
    lg_json_object_end(j);
}
