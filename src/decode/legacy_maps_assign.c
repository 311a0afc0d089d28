/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/legacy_maps.h"

#include <stdlib.h>

/* Where Linux puts a program that isn't position independent. */
#define PROGRAM_START 0x400000
/* Looks at a mapping for an address, all in all: real maps are far below. */
#define MAX_STEPS (1u << 31)

struct assigner {
    struct lg_profile *p;
    uint32_t *sorted; /* mappings by start, when they are disjoint */
    size_t sorted_count;
    bool disjoint;
    uint64_t steps;
    uint32_t fake; /* index + 1; 0: not made */
};

static void mend_first(struct lg_profile *p)
{
    struct lg_profile_mapping *m = p->mappings.items;
    if (p->mappings.count > 1 &&
        lg_str_starts(m->file, LG_STR("/anon_hugepage")) &&
        m->limit == m[1].start) {
        memmove(m, m + 1, (p->mappings.count - 1) * sizeof *m);
        p->mappings.count--;
    }
    if (p->mappings.count > 0 && m->start - m->offset == PROGRAM_START) {
        m->start = PROGRAM_START;
        m->offset = 0;
    }
}

static int by_start(const void *a, const void *b, void *mappings)
{
    const struct lg_profile_mapping *all = mappings;
    uint64_t x = all[*(const uint32_t *)a].start;
    uint64_t y = all[*(const uint32_t *)b].start;
    return (x > y) - (x < y);
}

/* pprof takes the first mapping that holds an address. Where none overlap
 * that is the only one, and can be searched for. */
static void sort_mappings(struct assigner *s)
{
    const struct lg_profile_mapping *all = s->p->mappings.items;
    s->sorted_count = 0;
    s->steps += s->p->mappings.count;
    for (size_t i = 0; i < s->p->mappings.count; i++)
        if (all[i].start < all[i].limit)
            s->sorted[s->sorted_count++] = (uint32_t)i;
    if (s->sorted_count > 1)
        qsort_r(s->sorted, s->sorted_count, sizeof *s->sorted, by_start,
                s->p->mappings.items);
    s->disjoint = true;
    for (size_t i = 1; i < s->sorted_count; i++)
        if (all[s->sorted[i - 1]].limit > all[s->sorted[i]].start)
            s->disjoint = false;
}

static uint32_t search(const struct assigner *s, uint64_t address)
{
    const struct lg_profile_mapping *all = s->p->mappings.items;
    size_t low = 0, high = s->sorted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lg_profile_mapping *m = &all[s->sorted[middle]];
        if (address < m->start)
            high = middle;
        else if (address >= m->limit)
            low = middle + 1;
        else
            return s->sorted[middle] + 1;
    }
    return 0;
}

static uint32_t walk(struct assigner *s, uint64_t address)
{
    const struct lg_profile_mapping *all = s->p->mappings.items;
    s->steps += s->p->mappings.count;
    for (size_t i = 0; i < s->p->mappings.count; i++)
        if (all[i].start <= address && address < all[i].limit)
            return (uint32_t)(i + 1);
    return 0;
}

/* A mapping whose first part was left out: its file begins offset bytes
 * before. It is mended for good. */
static uint32_t extend_down(struct assigner *s, uint64_t address)
{
    s->steps += s->p->mappings.count;
    for (size_t i = 0; i < s->p->mappings.count; i++) {
        struct lg_profile_mapping *m = &s->p->mappings.items[i];
        if (m->offset == 0 || m->start - m->offset > address ||
            address >= m->start)
            continue;
        m->start -= m->offset;
        m->offset = 0;
        sort_mappings(s);
        return (uint32_t)(i + 1);
    }
    return 0;
}

static uint32_t make_fake(struct assigner *s)
{
    struct lg_profile_mapping *m;
    if (s->fake == 0 && (m = lg_push(s->p->arena, &s->p->mappings)) != NULL) {
        m->limit = UINT64_MAX;
        s->fake = (uint32_t)s->p->mappings.count;
    }
    return s->fake;
}

/* Index + 1; 0: out of memory. */
static uint32_t mapping_of(struct assigner *s, uint64_t address)
{
    uint32_t m = s->disjoint ? search(s, address) : walk(s, address);
    if (m == 0 && address < UINT64_MAX)
        m = s->fake; /* the last one, and holds all but the very end */
    if (m == 0)
        m = extend_down(s, address);
    if (m == 0)
        m = make_fake(s);
    return m;
}

bool lg_maps_assign(struct lg_profile *p, struct lg_arena *scratch,
                    struct lg_error *err)
{
    struct assigner s = {.p = p};
    mend_first(p);
    s.sorted = lg_new(scratch, uint32_t, p->mappings.count + 1);
    if (s.sorted == NULL)
        return lg_fail_nomem(err);
    sort_mappings(&s);
    lg_each(l, p->locations) {
        if (l->address == 0)
            continue;
        l->mapping = mapping_of(&s, l->address);
        if (l->mapping == 0)
            return lg_fail_nomem(err);
        if (s.steps > MAX_STEPS)
            return lg_fail(err, LG_LIMIT,
                           "%zu addresses in %zu overlapping mappings",
                           p->locations.count, p->mappings.count);
    }
    for (size_t i = 0; i < p->mappings.count; i++)
        p->mappings.items[i].id = i + 1;
    return true;
}
