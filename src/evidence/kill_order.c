/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/kill_order.h"

#include <assert.h>

double lg_kill_domain_left_ratio(const struct lg_kill_domain *d)
{
    if (d->limit_bytes == 0)
        return 0;
    return (double)d->left_bytes / (double)d->limit_bytes;
}

/* adj thousandths of the limit; no product overflows: adj is small. */
static int64_t adjustment(uint64_t limit_bytes, int32_t adj)
{
    uint64_t limit = limit_bytes < INT64_MAX / 4 ? limit_bytes : INT64_MAX / 4;
    return (int64_t)(limit / 1000) * adj;
}

static int64_t points(const struct lg_kill_domain *d,
                      const struct lg_kill_candidate *c)
{
    uint64_t memory =
        c->memory_bytes < INT64_MAX / 4 ? c->memory_bytes : INT64_MAX / 4;
    return (int64_t)memory + adjustment(d->limit_bytes, c->oom_score_adj);
}

/* < 0: a dies before b. */
static int compare(const struct lg_kill_domain *domains,
                   const struct lg_kill_candidate *a,
                   const struct lg_kill_candidate *b)
{
    if (a->is_immune != b->is_immune)
        return a->is_immune ? 1 : -1;
    if (a->domain != b->domain) {
        double left_a = lg_kill_domain_left_ratio(&domains[a->domain]);
        double left_b = lg_kill_domain_left_ratio(&domains[b->domain]);
        if (left_a < left_b || left_a > left_b)
            return left_a < left_b ? -1 : 1;
        return a->domain < b->domain ? -1 : 1;
    }
    if (a->points_bytes != b->points_bytes)
        return a->points_bytes > b->points_bytes ? -1 : 1;
    return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* Shell sort (Ciura's gaps, doubled on): a machine has some thousand
 * processes, and qsort takes no context. */
static void sort(const struct lg_kill_domain *domains,
                 struct lg_kill_candidate *c, size_t count)
{
    static const size_t gaps[] = {8858, 3937, 1750, 701, 301, 132,
                                  57,   23,   10,   4,   1};
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        size_t gap = gaps[g];
        for (size_t i = gap; i < count; i++) {
            struct lg_kill_candidate moving = c[i];
            size_t at = i;
            for (; at >= gap && compare(domains, &moving, &c[at - gap]) < 0;
                 at -= gap)
                c[at] = c[at - gap];
            c[at] = moving;
        }
    }
}

void lg_kill_order(const struct lg_kill_domain *domains, size_t domain_count,
                   struct lg_kill_candidate *candidates, size_t count)
{
    size_t in_domain = 0;
    for (size_t i = 0; i < count; i++) {
        assert(candidates[i].domain < domain_count);
        candidates[i].points_bytes =
            points(&domains[candidates[i].domain], &candidates[i]);
    }
    sort(domains, candidates, count);
    for (size_t i = 0; i < count; i++) {
        struct lg_kill_candidate *c = &candidates[i];
        bool same = i > 0 && candidates[i - 1].domain == c->domain;
        in_domain = same ? in_domain + 1 : 1;
        c->place = i + 1;
        c->place_in_domain = c->is_immune ? 0 : in_domain;
    }
}
