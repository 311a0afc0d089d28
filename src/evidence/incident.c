/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/incident.h"

static bool has_heap(const struct lg_capture *c)
{
    return c->heap != NULL;
}

static bool has_goroutines(const struct lg_capture *c)
{
    return c->goroutines != NULL || c->goroutine_profile != NULL;
}

static bool has_memstats(const struct lg_capture *c)
{
    return c->memstats != NULL;
}

static bool has_process(const struct lg_capture *c)
{
    return c->process != NULL;
}

static const struct lg_capture *last(const struct lg_incident *in,
                                     bool (*has)(const struct lg_capture *))
{
    for (size_t i = in->captures.count; i-- > 0;) {
        if (has(&in->captures.items[i]))
            return &in->captures.items[i];
    }
    return NULL;
}

const struct lg_capture *lg_incident_last_heap(const struct lg_incident *in)
{
    return last(in, has_heap);
}

const struct lg_capture *
lg_incident_last_goroutines(const struct lg_incident *in)
{
    return last(in, has_goroutines);
}

const struct lg_capture *lg_incident_last_memstats(const struct lg_incident *in)
{
    return last(in, has_memstats);
}

const struct lg_capture *lg_incident_last_process(const struct lg_incident *in)
{
    return last(in, has_process);
}

/* The kernel keeps 15 bytes of a name: of "/x/longer-than-fifteen" they are
 * "longer-than-fif". */
#define COMM_BYTES 15

static struct lg_str subject_comm(const struct lg_subject *s)
{
    if (s->comm.len > 0)
        return lg_str_first(s->comm, COMM_BYTES);
    struct lg_cut cut = lg_str_rcut_char(s->exe, '/');
    return lg_str_first(cut.found ? cut.tail : s->exe, COMM_BYTES);
}

enum likeness { OTHER, SAME_NAME, SAME_CGROUP, SAME_PID, SAME_PID_AND_NAME };

static enum likeness likeness(const struct lg_oom_event *event,
                              const struct lg_oom_task *victim,
                              const struct lg_subject *s)
{
    struct lg_str comm = subject_comm(s);
    bool same_name = comm.len > 0 && lg_str_eq(victim->comm, comm);
    if (s->pid > 0 && victim->pid == s->pid)
        return same_name ? SAME_PID_AND_NAME : SAME_PID;
    if (!same_name)
        return OTHER;
    /* In a namespace the subject's path is the end of the host's. */
    if (s->cgroup.len > 1 && lg_str_ends(event->task_memcg, s->cgroup))
        return SAME_CGROUP;
    /* Both tell a cgroup, and not the same one: a namesake. */
    if (s->cgroup.len > 1 && event->task_memcg.len > 0)
        return OTHER;
    return SAME_NAME;
}

const struct lg_oom_task *lg_oom_victim_of(const struct lg_oom_event *event,
                                           const struct lg_subject *subject,
                                           bool subject_known)
{
    const struct lg_oom_task *best = NULL;
    enum likeness most = OTHER;
    if (!subject_known)
        return event->victims.count > 0 ? &event->victims.items[0] : NULL;
    for (size_t i = 0; i < event->victims.count; i++) {
        const struct lg_oom_task *v = &event->victims.items[i];
        enum likeness like = likeness(event, v, subject);
        if (like > most) {
            most = like;
            best = v;
        }
    }
    return best;
}

const struct lg_oom_event *
lg_incident_oom_of_subject(const struct lg_incident *in)
{
    const struct lg_subject *s = &in->subject;
    bool known = s->pid > 0 || subject_comm(s).len > 0;
    const struct lg_oom_event *best = NULL;
    enum likeness most = OTHER;
    for (size_t i = 0; i < in->oom_events.count; i++) {
        const struct lg_oom_event *e = &in->oom_events.items[i];
        const struct lg_oom_task *v = lg_oom_victim_of(e, s, known);
        if (v == NULL)
            continue;
        enum likeness like = known ? likeness(e, v, s) : SAME_NAME;
        if (like >= most) {
            most = like;
            best = e;
        }
    }
    return best;
}
