/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_skim.h"

#include <assert.h>

/* Nothing is done with a field but to jump over it, so most of the time would
 * go by waiting for the heads of the next. They are anywhere in what is
 * fetched ahead. */
#define PREFETCH_BYTES 2048
#define PREFETCH_LINES 3
#define LINE_BYTES 64

struct skimmer {
    struct lg_pprof_skim *skim;
    struct lg_arena *scratch;
    struct lg_cursor c;
    struct lg_wire_field f;
    uint32_t begin; /* of the field's tag */
    uint32_t run_samples;
    bool failed; /* memory is out */
};

static uint32_t here(const struct skimmer *s)
{
    return (uint32_t)(s->c.at - s->c.begin);
}

static void fetch_ahead(const uint8_t *at)
{
    for (size_t i = 0; i < PREFETCH_LINES; i++)
        __builtin_prefetch(at + PREFETCH_BYTES + i * LINE_BYTES);
}

static void count_field(struct lg_pprof_skim *skim, uint32_t field,
                        size_t count, size_t bytes)
{
    skim->counts[field] += count;
    if (field == LG_PPROF_SAMPLE)
        skim->sample_bytes += bytes;
}

/* Jumps over the fields of the run's kind that follow, as long as they are of
 * the usual form. What comes then goes its normal way. */
static void extend_run(struct skimmer *s, struct lg_pprof_run *run)
{
    const uint8_t *at = s->c.at, *end = s->c.end;
    const uint8_t tag = (uint8_t)(run->field << 3 | LG_WIRE_BYTES);
    uint32_t most = run->field == LG_PPROF_SAMPLE ? s->run_samples : UINT32_MAX;
    uint32_t before = run->count;
    size_t bytes = 0;
    while (end - at >= 3 && at[0] == tag && run->count < most) {
        size_t len = at[1], head = 2;
        if (len >= 0x80) {
            if (at[2] >= 0x80)
                break;
            len = (len & 0x7f) | (size_t)at[2] << 7;
            head = 3;
        }
        if (len > (size_t)(end - at) - head)
            break;
        fetch_ahead(at);
        at += head + len;
        bytes += len;
        run->count++;
    }
    s->c.at = at;
    run->end = here(s);
    count_field(s->skim, run->field, run->count - before, bytes);
}

/* A message, or a string of the table. */
static void add_to_run(struct skimmer *s)
{
    struct lg_pprof_skim *skim = s->skim;
    uint32_t field = s->f.number;
    count_field(skim, field, 1, lg_wire_bytes(&s->c, &s->f).len);
    struct lg_pprof_run *last =
        skim->runs.count != 0 ? &skim->runs.items[skim->runs.count - 1] : NULL;
    if (last == NULL || last->field != field || last->end != s->begin ||
        (field == LG_PPROF_SAMPLE && last->count == s->run_samples)) {
        last = lg_push(s->scratch, &skim->runs);
        if (last == NULL) {
            s->failed = true;
            return;
        }
        *last = (struct lg_pprof_run){.field = field, .begin = s->begin};
    }
    last->count++;
    extend_run(s, last);
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
    struct skimmer s = {
        .skim = ret,
        .scratch = scratch,
        .run_samples = message.len <= LG_PPROF_SMALL_BYTES
                           ? LG_PPROF_SMALL_RUN_SAMPLES
                           : LG_PPROF_RUN_SAMPLES,
    };
    *ret = (struct lg_pprof_skim){0};
    lg_sb_init(&ret->unknown, arena);
    lg_cursor_init(&s.c, message.data, message.len);
    while (!s.failed && lg_wire_next(&s.c, &s.f)) {
        fetch_ahead(s.c.at);
        take_field(&s);
        s.begin = here(&s);
    }
    if (s.failed || ret->unknown.failed)
        return lg_fail_nomem(err);
    return lg_cursor_finish(&s.c, err);
}
