/* SPDX-License-Identifier: Apache-2.0 */
/* What happened: the headline, and the facts of the end that it needs. */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct lg_str lg_words_program(const struct lg_subject *s)
{
    struct lg_cut cut = lg_str_rcut_char(s->exe, '/');
    struct lg_str name = cut.found ? cut.tail : s->exe;
    if (name.len == 0)
        name = s->comm;
    return name.len != 0 ? name : LG_STR("the process");
}

const char *lg_words_signal(int signal, char name[16])
{
    const char *abbrev = sigabbrev_np(signal);
    if (abbrev == NULL)
        return NULL;
    snprintf(name, 16, "SIG%s", abbrev);
    return name;
}

const struct lg_oom_task *lg_words_victim(const struct lg_incident *in)
{
    if (!in->end.has_oom || in->end.oom.victims.count == 0)
        return NULL;
    const struct lg_oom_event *oom = &in->end.oom;
    lg_each(v, oom->victims)
        if (v->pid != 0 && v->pid == in->subject.pid)
            return v;
    /* In a pid namespace the kernel's number is another than ours. */
    lg_each(v, oom->victims)
        if (v->comm.len != 0 && lg_str_eq(v->comm, in->subject.comm))
            return v;
    return &oom->victims.items[0];
}

/* The last sample may have been taken when the dying process had given its
 * memory back already: the fullest of the last few. */
static const struct lg_timeline_row *last_row(const struct lg_incident *in)
{
    const struct lg_timeline *t = &in->timeline;
    const struct lg_timeline_row *best = NULL;
    bool ended = in->end.kind != LG_END_RUNNING;
    for (size_t i = t->count; i > 0 && i + (ended ? 3 : 1) > t->count; i--)
        if (best == NULL ||
            t->rows[i - 1].usage_bytes.value > best->usage_bytes.value)
            best = &t->rows[i - 1];
    return best;
}

void lg_words_usage(const struct lg_incident *in, struct lg_num *usage_ret,
                    struct lg_num *limit_ret)
{
    struct lg_num usage = {0}, limit = {0};
    if (in->end.has_oom) {
        usage = in->end.oom.usage_bytes;
        limit = in->end.oom.limit_bytes;
    }
    const struct lg_timeline_row *row = last_row(in);
    if (row != NULL) {
        if (!usage.known)
            usage = row->usage_bytes.known ? row->usage_bytes : row->rss_bytes;
        if (!limit.known)
            limit = row->limit_bytes;
    }
    *usage_ret = usage;
    *limit_ret = limit.known ? limit : in->subject.limit_bytes;
}

static void usage_of_limit(const struct lg_incident *in, struct lg_sb *sb)
{
    struct lg_num usage, limit;
    lg_words_usage(in, &usage, &limit);
    lg_sb_bytes(sb, usage.value);
    if (!limit.known)
        return;
    lg_sb_cstr(sb, " of ");
    lg_sb_bytes(sb, limit.value);
}

/* "its cgroup", or which one above it set the limit. */
static void whose_limit(const struct lg_oom_event *oom, struct lg_sb *sb)
{
    if (oom->oom_memcg.len == 0 || oom->task_memcg.len == 0 ||
        lg_str_eq(oom->oom_memcg, oom->task_memcg)) {
        lg_sb_cstr(sb, "its cgroup");
        return;
    }
    lg_sb_cstr(sb, "the cgroup above it, ");
    lg_sb_str(sb, oom->oom_memcg);
    lg_sb_cstr(sb, ",");
}

static void cgroup_was_full(const struct lg_incident *in, struct lg_sb *sb)
{
    const struct lg_end *end = &in->end;
    struct lg_num usage, limit;
    lg_words_usage(in, &usage, &limit);
    if (!usage.known && !limit.known)
        return;
    lg_sb_cstr(sb, ": ");
    whose_limit(&end->oom, sb);
    if (!usage.known) {
        lg_sb_cstr(sb, " reached its limit of ");
        lg_sb_bytes(sb, limit.value);
        return;
    }
    bool kernels_word = end->has_oom && end->oom.usage_bytes.known;
    lg_sb_cstr(sb, kernels_word ? " reached " : " was last seen at ");
    usage_of_limit(in, sb);
}

static void host_was_full(const struct lg_oom_event *oom, struct lg_sb *sb)
{
    lg_sb_cstr(sb, ": the machine ran out of memory");
    if (!oom->host_total_bytes.known || !oom->host_free_bytes.known)
        return;
    lg_sb_cstr(sb, ", ");
    lg_sb_bytes(sb, oom->host_free_bytes.value);
    lg_sb_cstr(sb, " of ");
    lg_sb_bytes(sb, oom->host_total_bytes.value);
    lg_sb_cstr(sb, " were left");
}

static void killed_for_memory(const struct lg_incident *in, struct lg_sb *sb)
{
    const struct lg_oom_event *oom = &in->end.oom;
    lg_sb_cstr(sb, " was killed by the kernel");
    switch (in->end.has_oom ? oom->scope : LG_OOM_UNKNOWN) {
    case LG_OOM_HOST:
        host_was_full(oom, sb);
        return;
    case LG_OOM_CPUSET:
        lg_sb_cstr(sb, ": the memory nodes of its cpuset were full");
        return;
    case LG_OOM_MEMPOLICY:
        lg_sb_cstr(sb, ": the memory nodes that its policy allows were full");
        return;
    case LG_OOM_UNKNOWN:
        lg_sb_cstr(sb, "'s OOM killer");
        cgroup_was_full(in, sb);
        return;
    case LG_OOM_MEMCG:
        cgroup_was_full(in, sb);
        return;
    }
}

static void put_signal(int number, struct lg_sb *sb)
{
    char name[16];
    lg_sb_fmt(sb, "signal %d", number);
    if (lg_words_signal(number, name) != NULL)
        lg_sb_fmt(sb, " (%s)", name);
}

/* The last event of the signal that ended it, or of any other before it. */
static const struct lg_signal_event *last_signal(const struct lg_end *end,
                                                 bool same)
{
    const struct lg_signal_event *found = NULL;
    lg_each(s, end->signals)
        if ((s->signal == end->signal) == same)
            found = s;
    return found;
}

static void killed_by_signal(const struct lg_end *end, struct lg_sb *sb)
{
    lg_sb_cstr(sb, " was killed by ");
    put_signal(end->signal, sb);
    const struct lg_signal_event *sent = last_signal(end, true);
    const struct lg_signal_event *before = last_signal(end, false);
    if (sent == NULL) {
        lg_sb_cstr(sb, "; who sent it was not seen");
    } else if (sent->from_kernel) {
        lg_sb_cstr(sb, " sent by the kernel");
    } else {
        lg_sb_cstr(sb, " sent by ");
        lg_sb_str(sb, sent->sender_comm.len != 0 ? sent->sender_comm
                                                 : LG_STR("a process"));
        lg_sb_fmt(sb, " (pid %" PRId64 ")", sent->sender_pid);
    }
    if (sent == NULL || before == NULL || before->wall_ns >= sent->wall_ns)
        return;
    lg_sb_cstr(sb, ", ");
    lg_sb_duration(sb, (uint64_t)sent->wall_ns - (uint64_t)before->wall_ns);
    lg_sb_cstr(sb, " after ");
    put_signal(before->signal, sb);
}

static void is_running(const struct lg_incident *in, struct lg_sb *sb)
{
    struct lg_num usage, limit;
    lg_words_usage(in, &usage, &limit);
    lg_sb_cstr(sb, " is running");
    if (!usage.known)
        return;
    lg_sb_cstr(sb, ": ");
    usage_of_limit(in, sb);
}

static void what_happened(const struct lg_incident *in, struct lg_sb *sb)
{
    switch (in->end.kind) {
    case LG_END_UNKNOWN:
        lg_sb_cstr(sb, ": how it ended was not seen");
        return;
    case LG_END_RUNNING:
        is_running(in, sb);
        return;
    case LG_END_OOM_KILL:
        killed_for_memory(in, sb);
        return;
    case LG_END_SIGNAL:
        killed_by_signal(&in->end, sb);
        return;
    case LG_END_EXIT:
        lg_sb_fmt(sb, " exited with status %d", in->end.exit_code);
        return;
    }
}

void lg_words_headline(const struct lg_report *r, struct lg_sb *sb)
{
    const struct lg_incident *in = r->incident;
    const struct lg_subject *s = &in->subject;
    lg_sb_str(sb, lg_words_program(s));
    const char *separator = " (";
    if (s->pid != 0) {
        lg_sb_fmt(sb, "%spid %" PRId64, separator, s->pid);
        separator = ", ";
    }
    if (s->build.go_version.len != 0) {
        lg_sb_cstr(sb, separator);
        lg_sb_str(sb, s->build.go_version);
        separator = ", ";
    }
    if (separator[0] == ',')
        lg_sb_char(sb, ')');
    what_happened(in, sb);
    if (in->end.life_ns == 0 || in->end.kind == LG_END_UNKNOWN)
        return;
    lg_sb_cstr(sb, ", ");
    lg_sb_duration(sb, in->end.life_ns);
    lg_sb_cstr(sb, " after the start");
}

void lg_words_no_finding(const struct lg_report *r, struct lg_sb *sb)
{
    if (r->verdict->inconclusive)
        lg_sb_cstr(sb, "inconclusive: the evidence names no cause");
    else if (r->incident->captures.count == 0 &&
             r->incident->timeline.count == 0)
        lg_sb_cstr(sb, "none: there was nothing to judge");
    else
        lg_sb_cstr(sb, "none: nothing wrong was seen");
}
