/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_sample.h"

#include "decode/varints.h"

#include <inttypes.h>

struct lg_pprof_filler lg_pprof_filler_of(struct lg_pprof *d,
                                          const struct lg_pprof_ids *locations)
{
    struct lg_profile *p = d->profile;
    return (struct lg_pprof_filler){
        .d = d,
        .locations = locations,
        .strings = d->strings.items,
        .string_count = d->strings.count,
        .samples = p->samples.items,
        .stacks = p->stacks.items,
        .readable = (const uint8_t *)d->message.data + d->message.len,
        .types = p->types.count,
        .stack_at = p->stacks.items,
        .value_at = p->values,
        .label_at = p->labels.items,
    };
}

static void fill_location(struct lg_pprof_filler *x, uint64_t id,
                          uint64_t offset)
{
    uint32_t index = lg_pprof_ids_find(x->locations, id);
    if (index == LG_PPROF_NO_INDEX && !x->has_unknown) {
        x->has_unknown = true;
        x->unknown_id = id;
        x->unknown_offset = offset;
    }
    *x->stack_at++ = index;
}

static bool fill_fast(struct lg_pprof_filler *x, const uint8_t *at,
                      const uint8_t *packed_end)
{
    if (x->locations->has_table)
        return false;
    uint32_t *end = lg_varints_indices(at, packed_end, x->readable,
                                       x->locations->count, x->stack_at);
    if (end == NULL)
        return false;
    x->stack_at = end;
    return true;
}

static void fill_locations(struct lg_pprof_filler *x, struct lg_cursor *c,
                           const struct lg_wire_field *f)
{
    if (f->type == LG_WIRE_BYTES) {
        const uint8_t *at = (const uint8_t *)f->bytes.data;
        if (fill_fast(x, at, at + f->bytes.len))
            return;
    }
    struct lg_wire_numbers ids = lg_wire_numbers(c, f);
    uint64_t id;
    while (lg_wire_numbers_next(&ids, &id))
        fill_location(x, id, f->offset);
    if (ids.cursor.reason != NULL)
        lg_cursor_fail(c, ids.cursor.reason);
}

/* All the values of a sample, in one field. Their lengths are anything, so that
 * branching on them would cost more than the rest. */
static bool fill_plain_values(struct lg_pprof_filler *x, const uint8_t *at,
                              const uint8_t *end)
{
    size_t count = 0;
    for (uint64_t value; at < end && count < x->types; count++) {
        size_t len =
            x->readable - at >= 8 ? lg_wire_word_varint(at, &value) : 0;
        at = len != 0 ? at + len : lg_wire_plain_varint(at, end, &value);
        if (at == NULL || at > end)
            return false;
        x->value_at[count] = (int64_t)value;
    }
    if (at != end)
        return false;
    x->values = count;
    return true;
}

static void fill_values(struct lg_pprof_filler *x, struct lg_cursor *c,
                        const struct lg_wire_field *f)
{
    struct lg_wire_numbers values = lg_wire_numbers(c, f);
    uint64_t value;
    while (lg_wire_numbers_next(&values, &value)) {
        if (x->values < x->types)
            x->value_at[x->values] = (int64_t)value;
        x->values++;
    }
    if (values.cursor.reason != NULL)
        lg_cursor_fail(c, values.cursor.reason);
}

/* Gives the rest of the message, which has another form. */
static inline const uint8_t *read_plain_label(struct lg_wire_plain m,
                                              struct lg_pprof_label_message *l)
{
    *l = (struct lg_pprof_label_message){0};
    lg_wire_take(&m, LG_PPROF_LABEL_KEY, &l->key);
    lg_wire_take(&m, LG_PPROF_LABEL_STR, &l->str);
    lg_wire_take(&m, LG_PPROF_LABEL_NUM, &l->num);
    lg_wire_take(&m, LG_PPROF_LABEL_NUM_UNIT, &l->unit);
    return m.at;
}

static struct lg_pprof_label_message read_label(struct lg_cursor *c)
{
    struct lg_pprof_label_message l;
    struct lg_wire_field f;
    c->at = read_plain_label((struct lg_wire_plain){c->at, c->end}, &l);
    while (lg_wire_next(c, &f)) {
        if (f.number == LG_PPROF_LABEL_KEY)
            l.key = lg_wire_number(c, &f);
        else if (f.number == LG_PPROF_LABEL_STR)
            l.str = lg_wire_number(c, &f);
        else if (f.number == LG_PPROF_LABEL_NUM)
            l.num = lg_wire_number(c, &f);
        else if (f.number == LG_PPROF_LABEL_NUM_UNIT)
            l.unit = lg_wire_number(c, &f);
    }
    return l;
}

/* Labels that are asked for at a time: other threads do, too. */
#define LABEL_ROOM 64

static const struct lg_label *keep_label(struct lg_pprof_filler *x,
                                         const struct lg_label *label)
{
    if (x->label_room_count == 0) {
        pthread_mutex_lock(&x->d->lock);
        x->label_room = lg_new(x->d->arena, struct lg_label, LABEL_ROOM);
        pthread_mutex_unlock(&x->d->lock);
        if (x->label_room == NULL)
            return NULL;
        x->label_room_count = LABEL_ROOM;
    }
    *x->label_room = *label;
    x->label_room_count--;
    return x->label_room++;
}

static bool same_message(const struct lg_pprof_label_message *a,
                         const struct lg_pprof_label_message *b)
{
    return ((a->key ^ b->key) | (a->str ^ b->str) | (a->num ^ b->num) |
            (a->unit ^ b->unit)) == 0;
}

/* Labels repeat: the last that fell into a slot is at hand. */
static struct lg_pprof_label_slot *
slot_of(struct lg_pprof_filler *x, const struct lg_pprof_label_message *m)
{
    uint64_t mixed = (m->key * 31 + m->str * 7 + m->num + m->unit) *
                     UINT64_C(0x9E3779B97F4A7C15);
    return &x->label_slots[mixed >> (64 - LG_PPROF_LABEL_SLOT_BITS)];
}

static bool holds(const struct lg_pprof_label_slot *slot,
                  const struct lg_pprof_label_message *m)
{
    return slot->label != NULL && same_message(&slot->message, m);
}

static void put_label(struct lg_pprof_filler *x,
                      const struct lg_pprof_label_message *m,
                      const struct lg_label *label)
{
    struct lg_pprof_label_slot *slot = slot_of(x, m);
    if (!holds(slot, m)) {
        slot->label = keep_label(x, label);
        slot->message = *m;
    }
    if (slot->label == NULL)
        x->no_memory = true;
    else
        *x->label_at++ = (struct lg_profile_label){x->sample, slot->label};
}

/* pprof drops a label that is neither text nor number, so do we; and what it
 * doesn't look at may be wrong. A text or unit that is given, and empty, stays.
 */
static void fill_label(struct lg_pprof_filler *x, struct lg_cursor *c)
{
    struct lg_pprof_label_message m = read_label(c);
    struct lg_label label = {.num = (int64_t)m.num};
    label.key = lg_pprof_string_at(x->d, c, m.key);
    if (m.str != 0) {
        label.str = lg_pprof_string_at(x->d, c, m.str);
        label.num = 0;
    } else {
        label.is_numeric = true;
        if (m.unit != 0)
            label.num_unit = lg_pprof_string_at(x->d, c, m.unit);
    }
    if (m.str != 0 || label.num != 0 || m.unit != 0)
        put_label(x, &m, &label);
}

/* A number with a unit: what each sample of a heap profile has. false: it is
 * something else. */
static bool fill_plain_label(struct lg_pprof_filler *x,
                             struct lg_wire_plain message)
{
    struct lg_pprof_label_message m;
    const struct lg_str *strings = x->strings;
    size_t count = x->string_count;
    if (read_plain_label(message, &m) != message.end || m.str != 0 ||
        m.num == 0 || m.key >= count || m.unit >= count)
        return false;
    const struct lg_pprof_label_slot *slot = slot_of(x, &m);
    if (holds(slot, &m)) {
        *x->label_at++ = (struct lg_profile_label){x->sample, slot->label};
        return true;
    }
    struct lg_label label = {
        .is_numeric = true, .key = strings[m.key], .num = (int64_t)m.num};
    if (m.unit != 0)
        label.num_unit = strings[m.unit];
    put_label(x, &m, &label);
    return !x->no_memory;
}

/* As far as the sample has the usual form; the cursor is set behind that. */
static void fill_plain(struct lg_pprof_filler *x, struct lg_cursor *c)
{
    struct lg_pprof_plain_sample s;
    struct lg_wire_plain label;
    if (c->reason != NULL ||
        !lg_pprof_open_plain((struct lg_wire_plain){c->at, c->end}, &s))
        return;
    if (!x->is_repeated && !fill_fast(x, s.stack.at, s.stack.end))
        return;
    c->at = s.stack.end;
    if (!fill_plain_values(x, s.values.at, s.values.end))
        return;
    c->at = s.values.end;
    while (lg_wire_take_bytes(&s.labels, LG_PPROF_SAMPLE_LABEL, &label) &&
           fill_plain_label(x, label))
        c->at = s.labels.at;
}

static void fill_fields(struct lg_pprof_filler *x, struct lg_cursor *c)
{
    struct lg_wire_field f;
    fill_plain(x, c);
    while (lg_wire_next(c, &f)) {
        if (f.number == LG_PPROF_SAMPLE_LOCATION) {
            if (!x->is_repeated)
                fill_locations(x, c, &f);
        } else if (f.number == LG_PPROF_SAMPLE_VALUE) {
            fill_values(x, c, &f);
        } else if (f.number == LG_PPROF_SAMPLE_LABEL) {
            struct lg_cursor label = lg_wire_message(c, &f);
            fill_label(x, &label);
            if (label.reason != NULL)
                lg_cursor_fail(c, label.reason);
        }
    }
}

static bool check_sample(const struct lg_pprof_filler *x,
                         const struct lg_cursor *c, uint64_t offset,
                         struct lg_error *err)
{
    if (!lg_cursor_finish(c, err))
        return false;
    if (x->values != x->types || x->types == 0)
        return lg_fail_at(err, offset, "%zu values for %zu sample types",
                          x->values, x->types);
    if (x->no_memory)
        return lg_fail_nomem(err);
    if (x->has_unknown)
        return lg_fail_at(err, x->unknown_offset,
                          "location %" PRIu64 " is not in the profile",
                          x->unknown_id);
    return true;
}

bool lg_pprof_fill_sample(struct lg_pprof_filler *x, struct lg_cursor *message,
                          uint64_t offset, struct lg_error *err)
{
    fill_fields(x, message);
    return check_sample(x, message, offset, err);
}

bool lg_pprof_fill_whole(struct lg_pprof_filler *x,
                         struct lg_wire_plain message,
                         struct lg_pprof_packed *last)
{
    struct lg_profile_stack *place = &x->samples[x->sample];
    struct lg_pprof_plain_sample s;
    struct lg_wire_plain label;
    if (!lg_pprof_open_plain(message, &s))
        return false;
    struct lg_pprof_packed stack = {s.stack.at, s.stack.end};
    if (lg_pprof_is_repeated(*last, stack)) {
        *place = place[-1];
    } else {
        place->first = (uint32_t)(x->stack_at - x->stacks);
        if (stack.end - stack.at > x->stack_end - x->stack_at ||
            !fill_fast(x, stack.at, stack.end))
            return false;
        place->count = (uint32_t)(x->stack_at - x->stacks) - place->first;
    }
    *last = stack;
    if (!fill_plain_values(x, s.values.at, s.values.end) ||
        x->values != x->types)
        return false;
    x->value_at += x->types;
    while (lg_wire_take_bytes(&s.labels, LG_PPROF_SAMPLE_LABEL, &label))
        if (x->label_at == x->label_end || !fill_plain_label(x, label))
            return false;
    x->sample++;
    return s.labels.at == s.labels.end;
}
