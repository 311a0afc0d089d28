/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report `folded`: collapsed stacks, root first, one line for each distinct
 * stack with the sum of its values. In a name ';' becomes ':' and a line's end
 * a blank, for they are the format's own. Stacks whose values add up to 0 are
 * left out.
 */
#include "evidence/frame_names.h"
#include "report/pprof_report.h"

#include <stdlib.h>
#include <string.h>

struct folded_stack {
    const uint32_t *frames; /* root first */
    uint32_t count;
    int64_t value;
};

static int by_frames(const void *left, const void *right)
{
    const struct folded_stack *a = left, *b = right;
    uint32_t both = a->count < b->count ? a->count : b->count;
    for (uint32_t i = 0; i < both; i++)
        if (a->frames[i] != b->frames[i])
            return a->frames[i] < b->frames[i] ? -1 : 1;
    return (a->count > b->count) - (a->count < b->count);
}

/* Room for all frames of all stacks. */
static size_t frame_count(const struct lg_profile *p,
                          const struct lg_frame_names *f)
{
    size_t total = 0;
    lg_each(s, p->samples) {
        for (uint32_t i = 0; i < s->count; i++) {
            uint32_t l = p->stacks.items[s->first + i];
            total += f->first[l + 1] - f->first[l];
        }
    }
    return total;
}

static void take_stack(const struct lg_profile *p,
                       const struct lg_frame_names *f, size_t sample,
                       uint32_t *room, struct folded_stack *ret)
{
    struct lg_profile_stack s = p->samples.items[sample];
    uint32_t count = 0;
    for (uint32_t i = s.count; i-- > 0;) {
        uint32_t l = p->stacks.items[s.first + i];
        for (uint32_t k = f->first[l + 1]; k-- > f->first[l];)
            room[count++] = f->ids[k];
    }
    ret->frames = room;
    ret->count = count;
}

static void put_name(struct lg_sb *out, struct lg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        lg_sb_char(out, c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c);
    }
}

static void put(struct lg_sb *out, const struct lg_frame_names *f,
                const struct folded_stack *s)
{
    if (s->value == 0 || s->count == 0)
        return;
    for (uint32_t i = 0; i < s->count; i++) {
        if (i > 0)
            lg_sb_char(out, ';');
        put_name(out, f->items.items[s->frames[i]].name);
    }
    lg_sb_fmt(out, " %lld\n", (long long)s->value);
}

bool lg_pprof_folded(struct lg_pprof_report *r, struct lg_sb *out,
                     struct lg_error *err)
{
    const struct lg_profile *p = r->profile;
    struct lg_frame_names f;
    if (!lg_frame_names_of(p, out->arena, &f))
        return lg_fail_nomem(err);
    size_t count = p->samples.count;
    struct folded_stack *stacks =
        lg_new(out->arena, struct folded_stack, count + 1);
    uint32_t *room = lg_new(out->arena, uint32_t, frame_count(p, &f) + 1);
    if (stacks == NULL || room == NULL)
        return lg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        take_stack(p, &f, i, room, &stacks[i]);
        room += stacks[i].count;
        int64_t value = lg_profile_value(p, i, (int)r->value_type);
        stacks[i].value = lg_pprof_scaled(value, r->ratio);
    }
    qsort(stacks, count, sizeof *stacks, by_frames);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1;
             next < count && by_frames(&stacks[i], &stacks[next]) == 0; next++)
            stacks[i].value = lg_go_add(stacks[i].value, stacks[next].value);
        put(out, &f, &stacks[i]);
    }
    return !out->failed || lg_fail_nomem(err);
}
