/* SPDX-License-Identifier: Apache-2.0 */
/* neighbour, told by the kernel: somebody else of the program's cgroup was
 * killed for memory, and the program lived on or ended for what that did to
 * it. A supervisor whose worker is killed looks like this. */
#include "diagnose/rule.h"

/* "/a/b" holds "/a/b" and "/a/b/c". */
static bool holds(struct lg_str cgroup, struct lg_str path)
{
    return cgroup.len > 1 && lg_str_starts(path, cgroup) &&
           (path.len == cgroup.len || path.data[cgroup.len] == '/');
}

/* The newest report of the limit that the program is under, too. */
static const struct lg_oom_event *
kill_beside(const struct lg_case *c, const struct lg_oom_task **victim_ret)
{
    const struct lg_subject *s = &c->in->subject;
    for (size_t i = c->in->oom_events.count; i-- > 0;) {
        const struct lg_oom_event *e = &c->in->oom_events.items[i];
        if (e->scope != LG_OOM_MEMCG || !holds(e->oom_memcg, s->cgroup)) {
            continue;
        }
        lg_each(victim, e->victims) {
            if (victim->pid != 0 && victim->pid != s->pid) {
                *victim_ret = victim;
                return e;
            }
        }
    }
    return NULL;
}

static uint64_t held_by(const struct lg_oom_task *victim)
{
    return victim->anon_rss_bytes.value + victim->file_rss_bytes.value +
           victim->shmem_rss_bytes.value;
}

void lg_judge_victim_beside(struct lg_case *c, struct lg_verdict *verdict)
{
    const struct lg_oom_task *victim = NULL;
    const struct lg_oom_event *e = c->oom ? NULL : kill_beside(c, &victim);
    if (e == NULL) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_NEIGHBOUR);
    if (f == NULL) {
        return;
    }
    uint64_t bytes = held_by(victim);
    f->bytes = lg_known(bytes);
    f->share = lg_share(bytes, e->usage_bytes.value);
    f->confidence = 0.95;
    f->proof = LG_STR("signature");
    f->summary = lg_words(
        c,
        "%.*s (pid %lld) was killed by the kernel: the cgroup that it shares "
        "with this process was full, and %s of it were its own",
        LG_STR_ARG(victim->comm), (long long)victim->pid,
        lg_say_bytes(c, bytes));
    f->fix = lg_words(c,
                      "Find out what %.*s needs its memory for (a Go program: "
                      "lastgasp attach PID); a cgroup and a limit of its own "
                      "keep it from this one.",
                      LG_STR_ARG(victim->comm));
    lg_cite(c, f, "resident in the killed process", (double)bytes, "bytes",
            NULL, "kernel.log");
    if (e->limit_bytes.known) {
        lg_cite(c, f, "limit that was reached", (double)e->limit_bytes.value,
                "bytes", NULL, "kernel.log");
    }
}
