/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/charge.h"

#define MIN_SHARE 0.3
#define STILL_MIN_SHARE 0.5
#define GROWN_FACTOR 1.5
#define ALIVE_MIN_LIMIT_SHARE 0.6

bool lg_charge_matters(const struct lg_case *c, const struct lg_charge *charge)
{
    bool has_before = charge->first != charge->last;
    bool grew = !has_before || (double)charge->bytes >
                                   GROWN_FACTOR * (double)charge->before_bytes;
    double share = lg_share(charge->bytes, charge->usage_bytes);
    if (share < MIN_SHARE || !grew ||
        (charge->stood_still &&
         lg_share(charge->bytes, charge->end_usage_bytes) < STILL_MIN_SHARE)) {
        return false;
    }
    return c->oom || (lg_case_alive_and_growing(c) &&
                      (double)charge->usage_bytes >
                          ALIVE_MIN_LIMIT_SHARE * (double)c->limit_bytes);
}

static uint64_t sub(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

struct lg_num lg_kill_stat(const struct lg_case *c, const char *const *names,
                           size_t count)
{
    for (size_t k = 0; c->in->end.has_oom && k < count; k++) {
        lg_each(stat, c->in->end.oom.stats) {
            if (lg_str_eq(stat->name, lg_str_of(names[k]))) {
                return lg_known(stat->value);
            }
        }
    }
    return (struct lg_num){false, 0};
}

static struct lg_num cgroup_kernel(const struct lg_cgroup *g)
{
    struct lg_num sum = g->kernel_bytes;
    /* v2 below 5.18 has the parts only; v1 has them in kmem. */
    const struct lg_num parts[] = {g->kernel_stack_bytes, g->pagetables_bytes,
                                   g->slab_bytes};
    if (!sum.known && g->kmem_bytes.known) {
        return g->kmem_bytes;
    }
    for (size_t i = 0; i < LG_COUNT(parts) && !g->kernel_bytes.known; i++) {
        sum.known |= parts[i].known;
        sum.value += parts[i].value;
    }
    sum.known |= g->sock_bytes.known;
    sum.value += g->sock_bytes.value;
    return sum;
}

static struct lg_num in_cgroup(const struct lg_shot *shot,
                               enum lg_charge_kind kind)
{
    const struct lg_cgroup *g = shot->capture->cgroup;
    struct lg_num none = {false, 0};
    if (g == NULL) {
        return none;
    }
    switch (kind) {
    case LG_CHARGE_SHMEM:
        return g->shmem_bytes;
    case LG_CHARGE_CACHE:
        return g->file_bytes.known
                   ? lg_known(sub(g->file_bytes.value, g->shmem_bytes.value))
                   : none;
    case LG_CHARGE_KERNEL:
        return cgroup_kernel(g);
    }
    return none;
}

/* v1 says it of the cgroup and, as total_, of all below it. */
static struct lg_num shmem_at_kill(const struct lg_case *c)
{
    static const char *const shmem[] = {"total_shmem", "shmem"};
    return lg_kill_stat(c, shmem, LG_COUNT(shmem));
}

static struct lg_num cache_at_kill(const struct lg_case *c)
{
    static const char *const cache[] = {"total_cache", "cache", "file"};
    struct lg_num all = lg_kill_stat(c, cache, LG_COUNT(cache));
    return all.known ? lg_known(sub(all.value, shmem_at_kill(c).value)) : all;
}

static struct lg_num kernel_at_kill(const struct lg_case *c)
{
    static const char *const whole[] = {"kernel"};
    static const char *const parts[] = {"kernel_stack", "pagetables", "slab",
                                        "percpu"};
    static const char *const sock[] = {"sock"};
    struct lg_num sum = lg_kill_stat(c, whole, 1);
    if (c->in->end.has_oom && c->in->end.oom.kmem_usage_bytes.known) {
        return c->in->end.oom.kmem_usage_bytes;
    }
    bool is_whole = sum.known;
    for (size_t i = 0; i < LG_COUNT(parts) && !is_whole; i++) {
        struct lg_num part = lg_kill_stat(c, &parts[i], 1);
        sum = part.known ? lg_known(sum.value + part.value) : sum;
    }
    struct lg_num sockets = lg_kill_stat(c, sock, 1);
    sum.known |= sockets.known;
    sum.value += sockets.value;
    return sum;
}

static struct lg_num at_kill(const struct lg_case *c, enum lg_charge_kind kind)
{
    switch (kind) {
    case LG_CHARGE_SHMEM:
        return shmem_at_kill(c);
    case LG_CHARGE_CACHE:
        return cache_at_kill(c);
    case LG_CHARGE_KERNEL:
        return kernel_at_kill(c);
    }
    return (struct lg_num){false, 0};
}

/* Without the kernel's report, the last sample before the end tells how much
 * cache was left: a capture may be older, from before it was taken back. */
static struct lg_num cache_at_end(const struct lg_case *c)
{
    const struct lg_timeline *t = &c->in->timeline;
    for (size_t i = c->row_count; i-- > 0;) {
        const struct lg_timeline_row *row = &t->rows[i];
        if (row->file_bytes.known) {
            return lg_known(sub(row->file_bytes.value, row->shmem_bytes.value));
        }
    }
    return (struct lg_num){false, 0};
}

bool lg_charge_of(const struct lg_case *c, enum lg_charge_kind kind,
                  struct lg_charge *ret)
{
    struct lg_charge charge = {.file = "root"};
    lg_each(shot, c->shots) {
        if (in_cgroup(shot, kind).known) {
            charge.first = charge.first == NULL ? shot : charge.first;
            charge.last = shot;
        }
    }
    if (charge.first == NULL || charge.last == NULL) {
        return false;
    }
    struct lg_num end = at_kill(c, kind);
    charge.before_bytes = in_cgroup(charge.first, kind).value;
    charge.bytes = in_cgroup(charge.last, kind).value;
    charge.usage_bytes = charge.last->usage_bytes;
    if (end.known) {
        charge.bytes = end.value;
        charge.usage_bytes = c->usage_bytes;
        charge.last = NULL;
        charge.file = "kernel.log";
    } else if (kind == LG_CHARGE_CACHE && cache_at_end(c).known) {
        charge.bytes = cache_at_end(c).value;
        charge.usage_bytes = c->usage_bytes;
        charge.last = NULL;
        charge.file = "timeline.csv";
    }
    charge.end_usage_bytes = charge.usage_bytes;
    lg_each(shot, c->shots) {
        struct lg_num then = in_cgroup(shot, kind);
        charge.stood_still |=
            then.known && lg_case_had_all(c, shot, then.value, charge.bytes,
                                          charge.usage_bytes);
    }
    *ret = charge;
    return true;
}

void lg_charge_find_line(const struct lg_case *c, struct lg_finding *f,
                         const char *const *functions, size_t count,
                         const char *role)
{
    if (lg_case_user_line_through(c, functions, count, &f->where)) {
        f->where_role = lg_str_of(role);
    } else if (lg_case_hot_line(c, &f->where)) {
        f->where_role = LG_STR("busiest line");
    }
}
