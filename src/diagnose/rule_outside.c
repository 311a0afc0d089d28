/* SPDX-License-Identifier: Apache-2.0 */
/* off-heap and neighbour: memory that is charged but not Go's. */
#include "diagnose/charge.h"

/* Others must have grown by this much of the limit, and this much more. */
#define MIN_OTHERS_LIMIT_SHARE 0.2
#define OTHERS_FACTOR 2
/* Usage that is less than this of what it was is on its way to nothing. */
#define WHOLE_RATIO 0.9

/* Read while the kernel took the memory of a killed process away. */
static bool has_come_apart(const struct lg_case *c, const struct lg_shot *shot)
{
    struct lg_num used = shot->memory.usage_bytes.known
                             ? shot->memory.usage_bytes
                             : shot->memory.rss_bytes;
    return lg_case_is_dying(c, shot) &&
           (double)used.value < WHOLE_RATIO * (double)lg_case_usage_by(c, shot);
}

static const struct lg_shot *last_memory(const struct lg_case *c)
{
    for (size_t i = c->shots.count; i-- > 0;) {
        const struct lg_shot *shot = &c->shots.items[i];
        if (shot->memory.known && shot->capture->memstats != NULL &&
            !has_come_apart(c, shot)) {
            return shot;
        }
    }
    return NULL;
}

static const struct lg_shot *first_memory(const struct lg_case *c)
{
    lg_each(shot, c->shots) {
        if (shot->memory.known && shot->capture->memstats != NULL) {
            return shot;
        }
    }
    return NULL;
}

/* /proc and the runtime are read one after the other: while a capture lasted,
 * memory went on growing. */
static uint64_t skew_bytes(const struct lg_case *c, const struct lg_shot *shot)
{
    double rate = c->growth_ns > 0
                      ? (double)c->growth_bytes / ((double)c->growth_ns / 1e9)
                      : 0;
    rate = c->late_rate > rate ? c->late_rate : rate;
    double skew = rate * (double)shot->capture->duration_ns / 1e9;
    /* No more than there was: files that lie must not overflow it. */
    return skew < (double)c->usage_bytes ? (uint64_t)skew : c->usage_bytes;
}

/* What backs the largest mapping that is not Go's: [heap] is malloc. */
static void cite_mapping(struct lg_case *c, struct lg_finding *f)
{
    for (size_t i = c->shots.count; i-- > 0;) {
        const struct lg_capture *capture = c->shots.items[i].capture;
        if (capture->process == NULL || capture->process->maps.count == 0) {
            continue;
        }
        const struct lg_map_group *most = NULL;
        lg_each(group, capture->process->maps) {
            bool is_go = lg_str_contains(group->name, LG_STR("Go:"));
            if (!is_go &&
                (most == NULL || group->rss_bytes > most->rss_bytes)) {
                most = group;
            }
        }
        if (most != NULL) {
            lg_cite_text(c, f, "largest kind of mapping", most->name, capture,
                         "root");
            lg_cite(c, f, "resident in it", (double)most->rss_bytes, "bytes",
                    capture, "root");
        }
        return;
    }
}

void lg_judge_off_heap(struct lg_case *c, struct lg_verdict *verdict)
{
    static const char *const makers[] = {
        "syscall.Mmap",
        "syscall.(*mmapper).Mmap",
        "golang.org/x/sys/unix.Mmap",
        "golang.org/x/sys/unix.(*mmapper).Mmap",
        "runtime.cgocall",
    };
    const struct lg_shot *last = last_memory(c), *first = first_memory(c);
    if (last == NULL || !last->memory.parts[LG_PART_OFF_HEAP].known) {
        return;
    }
    struct lg_charge charge = {
        .bytes = last->memory.parts[LG_PART_OFF_HEAP].value,
        .before_bytes = first->memory.parts[LG_PART_OFF_HEAP].value,
        .usage_bytes = last->usage_bytes,
        .end_usage_bytes = last->usage_bytes,
        .first = first,
        .last = last,
    };
    uint64_t skew = skew_bytes(c, last);
    if (charge.bytes <= 2 * skew) {
        return; /* the two accounts are not of the same instant */
    }
    struct lg_charge at_least = charge;
    at_least.bytes -= 2 * skew;
    if (c->oom && c->usage_bytes > charge.usage_bytes) {
        at_least.end_usage_bytes = c->usage_bytes;
    }
    at_least.stood_still = lg_case_part_stood(
        c, last, LG_PART_OFF_HEAP, at_least.bytes, at_least.end_usage_bytes);
    if (!lg_charge_matters(c, &at_least)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_OFF_HEAP);
    if (f == NULL) {
        return;
    }
    lg_charge_find_line(c, f, makers, LG_COUNT(makers), "maps or allocates it");
    f->bytes = lg_known(charge.bytes);
    f->share = lg_share(charge.bytes, last->usage_bytes);
    f->confidence = first != last ? 0.85 : 0.7;
    f->proof = first != last ? LG_STR("growth") : LG_STR("signature");
    f->summary =
        lg_words(c,
                 "%s of resident memory belong neither to Go's heap nor to its "
                 "stacks: mmap or C's malloc",
                 lg_say_bytes(c, charge.bytes));
    f->fix = LG_STR("Unmap or free it: Munmap, C.free, or close what holds it; "
                    "GOMEMLIMIT does not see this memory.");
    lg_cite(c, f, "resident, not the Go runtime's", (double)charge.bytes,
            "bytes", last->capture, "root");
    if (first != last) {
        lg_cite(c, f, "at the first capture", (double)charge.before_bytes,
                "bytes", first->capture, "root");
    }
    const struct lg_memstats *stats = last->capture->memstats;
    if (stats->sys_bytes.known) {
        lg_cite(c, f, "obtained by the Go runtime",
                (double)stats->sys_bytes.value, "bytes", last->capture,
                "heap.txt");
    }
    cite_mapping(c, f);
}

struct shares {
    uint64_t own_first, own_last, others_first, others_last;
    struct lg_str largest; /* command name of the largest other process */
    int64_t largest_pid;
    uint64_t largest_bytes;
    const struct lg_capture *since;   /* of the first numbers; NULL: from 0 */
    const struct lg_capture *capture; /* of the last numbers; NULL: kernel's */
};

static void take_other(struct shares *s, int64_t pid, struct lg_str comm,
                       uint64_t bytes)
{
    s->others_last += bytes;
    if (bytes > s->largest_bytes) {
        s->largest = comm;
        s->largest_pid = pid;
        s->largest_bytes = bytes;
    }
}

static uint64_t peers_of(const struct lg_capture *capture)
{
    uint64_t bytes = 0;
    lg_each(peer, capture->peers) {
        bytes += peer->rss_bytes;
    }
    return bytes;
}

static bool measure_shares(const struct lg_case *c, struct shares *s)
{
    const struct lg_capture *last = NULL;
    lg_each(shot, c->shots) {
        if (shot->capture->process != NULL &&
            shot->capture->process->vm_rss.known) {
            last = shot->capture;
        }
    }
    if (c->in->end.has_oom && c->in->end.oom.tasks.count > 0) {
        lg_each(task, c->in->end.oom.tasks) {
            if (task->pid == c->in->subject.pid) {
                s->own_last = task->rss_bytes.value;
            } else {
                take_other(s, task->pid, task->comm, task->rss_bytes.value);
            }
        }
        return true;
    }
    if (last == NULL) {
        return false;
    }
    s->capture = last;
    s->own_last = last->process->vm_rss.value;
    lg_each(peer, last->peers) {
        take_other(s, peer->pid, peer->comm, peer->rss_bytes);
    }
    return true;
}

static uint64_t grown(uint64_t first, uint64_t last)
{
    return last > first ? last - first : 0;
}

static bool others_grew(const struct lg_case *c, const struct shares *s)
{
    uint64_t room = c->limit_bytes != 0 ? c->limit_bytes : c->usage_bytes;
    uint64_t others = grown(s->others_first, s->others_last);
    uint64_t own = grown(s->own_first, s->own_last);
    bool memory_ran_out = c->oom || c->in->oom_events.count > 0;
    return memory_ran_out && room > 0 &&
           (double)others >= MIN_OTHERS_LIMIT_SHARE * (double)room &&
           others >= OTHERS_FACTOR * own;
}

/* Since some capture the others grew and this process did not. It may have
 * grown before, to what it needs: so each capture is a beginning. */
static bool find_beginning(const struct lg_case *c, struct shares *s)
{
    lg_each(shot, c->shots) {
        const struct lg_process *p = shot->capture->process;
        if (p == NULL || !p->vm_rss.known) {
            continue;
        }
        s->own_first = p->vm_rss.value;
        s->others_first = peers_of(shot->capture);
        s->since = shot->capture;
        if (others_grew(c, s)) {
            return true;
        }
    }
    s->since = NULL;
    s->own_first = s->others_first = 0;
    return c->shots.count == 0 && others_grew(c, s);
}

void lg_judge_neighbour(struct lg_case *c, struct lg_verdict *verdict)
{
    struct shares s = {0};
    /* rule_victim.c: the kernel itself has named it. */
    if (lg_find_cause(verdict, LG_CAUSE_NEIGHBOUR) != NULL ||
        !measure_shares(c, &s) || !find_beginning(c, &s)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_NEIGHBOUR);
    if (f == NULL) {
        return;
    }
    f->bytes = lg_known(s.others_last);
    f->share = lg_share(s.others_last, c->usage_bytes);
    f->confidence = 0.9;
    f->proof = LG_STR("growth");
    f->summary = lg_words(
        c,
        "%.*s (pid %lld) in the same %s grew to %s, while this process "
        "stayed at %s",
        LG_STR_ARG(s.largest), (long long)s.largest_pid,
        c->in->end.has_oom && c->in->end.oom.scope == LG_OOM_HOST ? "host"
                                                                  : "cgroup",
        lg_say_bytes(c, s.largest_bytes), lg_say_bytes(c, s.own_last));
    f->fix = LG_STR("Give the other process a cgroup and a limit of its own, "
                    "or bound what it uses; this one did not grow.");
    const char *file = s.capture != NULL ? "peers.txt" : "kernel.log";
    lg_cite(c, f, "other processes", (double)s.others_last, "bytes", s.capture,
            file);
    lg_cite(c, f, "other processes before", (double)s.others_first, "bytes",
            s.since, "peers.txt");
    lg_cite(c, f, "this process", (double)s.own_last, "bytes", s.capture, file);
    lg_cite(c, f, "this process before", (double)s.own_first, "bytes", s.since,
            "root");
}
