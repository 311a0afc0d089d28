/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_skim.h"

#include <assert.h>

/* Nothing is done with a field but to jump over it, so all the time there is
 * would go by waiting for the next one's head. */
#define PREFETCH_BYTES 1024

struct skimmer {
    struct lg_pprof_skim *skim;
    struct lg_arena *scratch;
    struct lg_cursor c;
    struct lg_wire_field f;
    uint32_t begin; /* of the field's tag */
    bool failed;    /* memory is out */
};

static uint32_t here(const struct skimmer *s)
{
    return (uint32_t)(s->c.at - s->c.begin);
}

/* A message, or a string of the table. */
static void add_to_run(struct skimmer *s)
{
    struct lg_pprof_skim *skim = s->skim;
    uint32_t field = s->f.number;
    (void)lg_wire_bytes(&s->c, &s->f);
    skim->counts[field]++;
    struct lg_pprof_run *last =
        skim->runs.count != 0 ? &skim->runs.items[skim->runs.count - 1] : NULL;
    if (last == NULL || last->field != field || last->end != s->begin ||
        (field == LG_PPROF_SAMPLE && last->count == LG_PPROF_RUN_SAMPLES)) {
        last = lg_push(s->scratch, &skim->runs);
        if (last == NULL) {
            s->failed = true;
            return;
        }
        *last = (struct lg_pprof_run){.field = field, .begin = s->begin};
    }
    last->count++;
    last->end = here(s);
    if (field == LG_PPROF_SAMPLE)
        skim->sample_bytes += s->f.bytes.len;
    else if (field == LG_PPROF_STRING_TABLE)
        skim->string_bytes += s->f.bytes.len;
}

static void add_comments(struct skimmer *s)
{
    struct lg_wire_numbers numbers = lg_wire_numbers(&s->c, &s->f);
    uint64_t number;
    while (lg_wire_numbers_next(&numbers, &number)) {
        uint64_t *place = lg_push(s->scratch, &s->skim->comments);
        if (place == NULL) {
            s->failed = true;
            return;
        }
        *place = number;
    }
    if (numbers.cursor.reason != NULL)
        lg_cursor_fail(&s->c, numbers.cursor.reason);
}

/* profile.proto has no field 0, and none of more than 29 bits. */
static void keep_unknown(struct skimmer *s)
{
    if (s->f.number != 0 && s->f.number != UINT32_MAX)
        lg_sb_str(&s->skim->unknown,
                  lg_str_from(s->c.begin + s->begin, here(s) - s->begin));
}

static void take_scalar(struct skimmer *s)
{
    uint64_t *place = &s->skim->scalars[s->f.number];
    if (s->f.number == LG_PPROF_TIME_NANOS && *place != 0)
        lg_cursor_fail(&s->c, "two profiles stand in a row");
    *place = lg_wire_number(&s->c, &s->f);
}

static void take_field(struct skimmer *s)
{
    if (s->f.number - 1 < LG_PPROF_STRING_TABLE) {
        add_to_run(s);
    } else if (s->f.number == LG_PPROF_COMMENT) {
        add_comments(s);
    } else if (s->f.number == LG_PPROF_PERIOD_TYPE) {
        s->skim->has_period_type = true;
        s->skim->period_type = lg_wire_bytes(&s->c, &s->f);
        s->skim->period_type_offset = s->f.offset;
    } else if (s->f.number - 1 < LG_PPROF_PROFILE_FIELDS - 1) {
        take_scalar(s);
    } else {
        keep_unknown(s);
    }
}

bool lg_pprof_skim(struct lg_str message, struct lg_arena *arena,
                   struct lg_arena *scratch, struct lg_pprof_skim *ret,
                   struct lg_error *err)
{
    assert(message.len <= UINT32_MAX);
    struct skimmer s = {.skim = ret, .scratch = scratch};
    *ret = (struct lg_pprof_skim){0};
    lg_sb_init(&ret->unknown, arena);
    lg_cursor_init(&s.c, message.data, message.len);
    while (!s.failed && lg_wire_next(&s.c, &s.f)) {
        __builtin_prefetch(s.c.at + PREFETCH_BYTES);
        take_field(&s);
        s.begin = here(&s);
    }
    if (s.failed || ret->unknown.failed)
        return lg_fail_nomem(err);
    return lg_cursor_finish(&s.c, err);
}
