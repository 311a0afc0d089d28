/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_parts.h"

static void tool_json(struct lg_json *j)
{
    lg_json_key(j, "tool");
    lg_json_object(j);
    lg_json_kcstr(j, "version", LG_VERSION);
    lg_json_object_end(j);
}

static void subject_json(const struct lg_subject *s, struct lg_json *j)
{
    lg_json_key(j, "subject");
    lg_json_object(j);
    if (s->pid != 0)
        lg_json_ki64(j, "pid", s->pid);
    else
        lg_json_knull(j, "pid");
    lg_report_kstr_or_null(j, "exe", s->exe);
    lg_report_kstr_or_null(j, "comm", s->comm);
    lg_json_key(j, "cmdline");
    lg_json_array(j);
    lg_each(arg, s->cmdline)
        lg_json_str(j, *arg);
    lg_json_array_end(j);
    lg_report_kstr_or_null(j, "go_version", s->build.go_version);
    lg_report_kstr_or_null(j, "build_id", s->build.build_id);
    lg_report_kstr_or_null(j, "module", s->build.module.path);
    lg_json_ktime(j, "started_at", s->started_at_ns);
    lg_report_kstr_or_null(j, "cgroup", s->cgroup);
    lg_report_kstr_or_null(j, "container_id", s->identity.container_id);
    lg_report_kstr_or_null(j, "pod_uid", s->identity.pod_uid);
    lg_report_kstr_or_null(j, "unit", s->identity.unit);
    lg_report_knum(j, "limit_bytes", s->limit_bytes);
    lg_report_kstr_or_null(j, "limit_source", s->limit_source);
    lg_json_object_end(j);
}

void lg_report_parts_json(const struct lg_memory *m, struct lg_json *j)
{
    lg_json_key(j, "parts");
    lg_json_array(j);
    for (int i = 0; i < LG_PART_COUNT; i++) {
        if (!m->parts[i].known)
            continue;
        lg_json_object(j);
        lg_json_kcstr(j, "name", lg_memory_part_name((enum lg_memory_part)i));
        lg_report_knum(j, "bytes", m->parts[i]);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static void memory_json(const struct lg_memory *m, struct lg_json *j)
{
    lg_json_key(j, "memory");
    lg_json_object(j);
    lg_json_ktime(j, "at", m->known ? m->at_ns : 0);
    lg_report_knum(j, "rss_bytes", m->rss_bytes);
    lg_report_knum(j, "usage_bytes", m->usage_bytes);
    lg_report_parts_json(m, j);
    if (m->known)
        lg_json_ki64(j, "unexplained_bytes", m->unexplained_bytes);
    else
        lg_json_knull(j, "unexplained_bytes");
    lg_json_object_end(j);
}

static void verdict_json(const struct lg_verdict *v, struct lg_json *j)
{
    lg_json_key(j, "verdict");
    if (v->findings.count != 0) {
        lg_report_finding_json(&v->findings.items[0], j);
        return;
    }
    lg_json_object(j);
    lg_json_kcstr(j, "cause", "none");
    if (v->inconclusive)
        lg_json_kbool(j, "inconclusive", true);
    lg_json_object_end(j);
}

static void findings_json(const struct lg_verdict *v, struct lg_json *j)
{
    lg_json_key(j, "findings");
    lg_json_array(j);
    lg_each(f, v->findings)
        lg_report_finding_json(f, j);
    lg_json_array_end(j);
    lg_json_key(j, "not_judged");
    lg_json_array(j);
    lg_each(n, v->not_judged) {
        lg_json_object(j);
        lg_json_kcstr(j, "cause", lg_cause_name(n->cause));
        lg_report_kstr_or_null(j, "missing", n->missing);
        lg_report_kstr_or_null(j, "reason", n->reason);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static void timeline_json(const struct lg_timeline *t, struct lg_json *j)
{
    lg_json_key(j, "timeline");
    lg_json_array(j);
    for (size_t i = 0; i < t->count; i++) {
        const struct lg_timeline_row *row = &t->rows[i];
        lg_json_object(j);
        lg_json_key(j, "t");
        lg_json_seconds(j, row->t_ns);
        lg_report_knum(j, "usage_bytes", row->usage_bytes);
        lg_report_knum(j, "rss_bytes", row->rss_bytes);
        lg_report_knum(j, "limit_bytes", row->limit_bytes);
        lg_report_knum(j, "heap_bytes", row->heap_bytes);
        lg_report_knum(j, "stack_bytes", row->stack_bytes);
        lg_report_knum(j, "goroutines", row->goroutines);
        lg_report_knum(j, "threads", row->threads);
        lg_report_knum(j, "fds", row->fds);
        lg_json_object_end(j);
    }
    lg_json_array_end(j);
}

static void capture_json(const struct lg_capture *c, struct lg_json *j)
{
    lg_json_object(j);
    lg_json_ku64(j, "id", c->id);
    lg_json_ktime(j, "time", c->wall_ns);
    lg_report_kstr_or_null(j, "trigger", c->trigger);
    lg_report_knum(j, "pause_ns", lg_known(c->pause_ns));
    lg_report_knum(j, "duration_ns", lg_known(c->duration_ns));
    lg_json_kbool(j, "complete", c->complete);
    lg_json_key(j, "files");
    lg_json_array(j);
    lg_each(file, c->files)
        lg_json_str(j, *file);
    lg_json_array_end(j);
    lg_json_key(j, "quality");
    lg_json_array(j);
    lg_each(flag, c->quality)
        lg_json_str(j, *flag);
    lg_json_array_end(j);
    lg_json_object_end(j);
}

void lg_report_json(const struct lg_report *r, struct lg_json *j)
{
    lg_json_object(j);
    lg_json_kcstr(j, "schema", "lastgasp.report/1");
    tool_json(j);
    subject_json(&r->incident->subject, j);
    lg_json_key(j, "end");
    lg_report_end_json(r->incident, j);
    memory_json(&r->verdict->memory, j);
    verdict_json(r->verdict, j);
    findings_json(r->verdict, j);
    timeline_json(&r->incident->timeline, j);
    lg_json_key(j, "captures");
    lg_json_array(j);
    lg_each(c, r->incident->captures)
        capture_json(c, j);
    lg_json_array_end(j);
    lg_json_object_end(j);
}
