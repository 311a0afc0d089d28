/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof.h"

#include "decode/gzip.h"
#include "decode/pprof_plain.h"
#include "decode/pprof_samples.h"

#include <inttypes.h>
#include <string.h>

/* What a profile inflates to. Go's own are 1 to 16 times their gzip size (most
 * where thousands of goroutines differ in a label only), so 200 times and a
 * floor for small ones lets every real one in; nobody's viewer goes above
 * 1 GiB. */
#define MAX_INFLATED_BYTES ((uint64_t)1 << 30)
#define MAX_INFLATED_RATIO 200
#define MIN_INFLATED_BYTES ((uint64_t)64 << 20)

/* Of the inflated bytes: the room that a small profile gets, where stacks are
 * allowed entries of one byte. And what of it is filled, where most have two.
 */
#define ROOM_RATIO 5
#define FILLED_RATIO 0.5
#define MIN_ROOM_BYTES ((size_t)256 << 10)

/* The bytes of the string table, heads and all: copied whole, so that the
 * inflated bytes can go. */
static size_t table_bytes(const struct lg_pprof_skim *skim)
{
    size_t bytes = 0;
    lg_each(run, skim->runs)
        if (run->field == LG_PPROF_STRING_TABLE)
            bytes += run->end - run->begin;
    return bytes;
}

static bool copy_strings(struct lg_pprof *d, const struct lg_pprof_skim *skim,
                         struct lg_error *err)
{
    size_t count = skim->counts[LG_PPROF_STRING_TABLE];
    size_t bytes = table_bytes(skim);
    char *text = lg_new(d->arena, char, bytes);
    d->strings.items = lg_new(d->scratch, struct lg_str, count);
    if (text == NULL || d->strings.items == NULL)
        return lg_fail_nomem(err);
    if (!lg_arena_in_room(d->arena))
        lg_touch_pages(text, bytes);
    lg_touch_pages(d->strings.items, count * sizeof *d->strings.items);
    lg_each(run, skim->runs) {
        struct lg_cursor c;
        struct lg_wire_field f;
        if (run->field != LG_PPROF_STRING_TABLE)
            continue;
        size_t len = run->end - run->begin;
        memcpy(text, d->message.data + run->begin, len);
        struct lg_wire_plain rest = {(uint8_t *)text, (uint8_t *)text + len};
        struct lg_wire_plain next;
        while (lg_wire_take_bytes(&rest, LG_PPROF_STRING_TABLE, &next))
            d->strings.items[d->strings.count++] =
                lg_str_from(next.at, (size_t)(next.end - next.at));
        /* Written in an unusual way. */
        lg_cursor_init(&c, rest.at, (size_t)(rest.end - rest.at));
        while (lg_wire_next(&c, &f))
            d->strings.items[d->strings.count++] = f.bytes;
        text += len;
    }
    if (count == 0 || d->strings.items[0].len != 0)
        return lg_fail_at(err, 0, "no string table that begins with \"\"");
    return true;
}

#define RESERVE(arena, v, n)                                                   \
    ((v)->capacity = (n),                                                      \
     (v)->items = lg_arena_calloc((arena), (n), sizeof *(v)->items,            \
                                  _Alignof(max_align_t)),                      \
     (v)->items != NULL)

/* The columns that will be full. */
static void touch_columns(const struct lg_profile *p)
{
    lg_touch_pages(p->locations.items,
                   p->locations.capacity * sizeof *p->locations.items);
    lg_touch_pages(p->lines.items,
                   p->locations.capacity * sizeof *p->lines.items);
    lg_touch_pages(p->functions.items,
                   p->functions.capacity * sizeof *p->functions.items);
}

/* Every count was counted in the input, field by field; none was read. Where
 * functions are inlined a location has several lines. */
static bool reserve(struct lg_pprof *d, const struct lg_pprof_skim *skim,
                    struct lg_error *err)
{
    struct lg_profile *p = d->profile;
    size_t mappings = skim->counts[LG_PPROF_MAPPING];
    size_t functions = skim->counts[LG_PPROF_FUNCTION];
    size_t locations = skim->counts[LG_PPROF_LOCATION];
    lg_pprof_ids_init(&d->mappings, mappings, d->scratch);
    lg_pprof_ids_init(&d->functions, functions, d->scratch);
    lg_pprof_ids_init(&d->locations, locations, d->scratch);
    if (!RESERVE(d->arena, &p->locations, locations) ||
        !RESERVE(d->arena, &p->lines, locations + locations / 2) ||
        !RESERVE(d->arena, &p->functions, functions))
        return lg_fail_nomem(err);
    if (!lg_arena_in_room(d->arena))
        touch_columns(p);
    return true;
}

/* Each needs those above it. */
static const struct part {
    const char *name;
    lg_pprof_message_fn *decode;
    uint32_t field;
    /* Of the usual form; false: of another. NULL: there are few. */
    bool (*decode_plain)(struct lg_pprof *d, const uint8_t *at,
                         const uint8_t *end);
} parts[] = {
    {"sample type", lg_pprof_sample_type, LG_PPROF_SAMPLE_TYPE, NULL},
    {"mapping", lg_pprof_mapping, LG_PPROF_MAPPING, NULL},
    {"function", lg_pprof_function, LG_PPROF_FUNCTION, lg_pprof_plain_function},
    {"location", lg_pprof_location, LG_PPROF_LOCATION, lg_pprof_plain_location},
};

/* As many as have the usual form; gives where the rest begins. */
static uint32_t decode_plain(struct lg_pprof *d, const struct part *part,
                             const struct lg_pprof_run *run, size_t *index)
{
    const uint8_t *message = (const uint8_t *)d->message.data;
    struct lg_wire_plain rest = {message + run->begin, message + run->end};
    struct lg_wire_plain next = rest, field;
    while (lg_wire_take_bytes(&next, part->field, &field) &&
           part->decode_plain(d, field.at, field.end)) {
        rest = next;
        ++*index;
    }
    return (uint32_t)(rest.at - message);
}

static bool decode_run(struct lg_pprof *d, const struct part *part,
                       const struct lg_pprof_run *run, size_t *index,
                       struct lg_error *err)
{
    struct lg_cursor c;
    struct lg_wire_field f;
    uint32_t begin = part->decode_plain != NULL
                         ? decode_plain(d, part, run, index)
                         : run->begin;
    lg_cursor_init(&c, d->message.data + begin, run->end - begin);
    c.base_offset = begin;
    for (; lg_wire_next(&c, &f); ++*index)
        if (!part->decode(d, lg_wire_message(&c, &f), err))
            return lg_context(err, "%s %zu", part->name, *index);
    return true;
}

static bool decode_part(struct lg_pprof *d, const struct part *part,
                        const struct lg_pprof_skim *skim, struct lg_error *err)
{
    size_t index = 0;
    lg_each(run, skim->runs)
        if (run->field == part->field && !decode_run(d, part, run, &index, err))
            return false;
    return true;
}

/* A scalar that is the index of a string. */
static bool string_of(const struct lg_pprof *d,
                      const struct lg_pprof_skim *skim, uint32_t field,
                      struct lg_str *ret, struct lg_error *err)
{
    if (skim->scalars[field] >= d->strings.count)
        return lg_fail_at(err, d->message.len,
                          "field %" PRIu32 ": a string is not in the table",
                          field);
    *ret = d->strings.items[skim->scalars[field]];
    return true;
}

static bool decode_comments(struct lg_pprof *d,
                            const struct lg_pprof_skim *skim,
                            struct lg_error *err)
{
    lg_each(index, skim->comments) {
        struct lg_str *place = lg_push(d->arena, &d->profile->comments);
        if (place == NULL)
            return lg_fail_nomem(err);
        if (*index >= d->strings.count)
            return lg_fail_at(err, d->message.len,
                              "a comment is not in the string table");
        *place = d->strings.items[*index];
    }
    return true;
}

static bool decode_period_type(struct lg_pprof *d,
                               const struct lg_pprof_skim *skim,
                               struct lg_error *err)
{
    struct lg_cursor c;
    d->profile->has_period_type = true; /* pprof makes an empty one */
    lg_cursor_init(&c, skim->period_type.data, skim->period_type.len);
    c.base_offset = skim->period_type_offset;
    return lg_pprof_period_type(d, c, err) || lg_context(err, "period type");
}

static bool decode_head(struct lg_pprof *d, const struct lg_pprof_skim *skim,
                        struct lg_error *err)
{
    struct lg_profile *p = d->profile;
    p->time_ns = (int64_t)skim->scalars[LG_PPROF_TIME_NANOS];
    p->duration_ns = (int64_t)skim->scalars[LG_PPROF_DURATION_NANOS];
    p->period = (int64_t)skim->scalars[LG_PPROF_PERIOD];
    p->unknown_fields = lg_sb_view(&skim->unknown);
    return string_of(d, skim, LG_PPROF_DROP_FRAMES, &p->drop_frames, err) &&
           string_of(d, skim, LG_PPROF_KEEP_FRAMES, &p->keep_frames, err) &&
           string_of(d, skim, LG_PPROF_DEFAULT_SAMPLE_TYPE, &p->default_type,
                     err) &&
           string_of(d, skim, LG_PPROF_DOC_URL, &p->doc_url, err) &&
           decode_period_type(d, skim, err) && decode_comments(d, skim, err);
}

static bool decode_tables(struct lg_pprof *d, const struct lg_pprof_skim *skim,
                          struct lg_pprof_samples *samples,
                          struct lg_error *err)
{
    if (!copy_strings(d, skim, err) || !reserve(d, skim, err))
        return false;
    for (size_t i = 0; i < LG_COUNT(parts); i++) {
        if (!decode_part(d, &parts[i], skim, err))
            return false;
        if (parts[i].field == LG_PPROF_SAMPLE_TYPE)
            lg_pprof_samples_types_known(samples);
    }
    return decode_head(d, skim, err);
}

/* Samples are measured, or filled, while the tables are read. */
static bool decode_all(struct lg_pprof *d, struct lg_error *err)
{
    struct lg_pprof_skim skim;
    if (!lg_pprof_skim(d->message, d->arena, d->scratch, &skim, err))
        return false;
    struct lg_pprof_samples *samples = lg_pprof_samples_begin(d, &skim);
    if (samples == NULL)
        return lg_fail_nomem(err);
    bool ok = decode_tables(d, &skim, samples, err);
    return lg_pprof_samples_finish(samples, ok, err);
}

static uint64_t inflate_limit(size_t len)
{
    uint64_t limit = (uint64_t)len * MAX_INFLATED_RATIO;
    if (limit < MIN_INFLATED_BYTES)
        return MIN_INFLATED_BYTES;
    return limit < MAX_INFLATED_BYTES ? limit : MAX_INFLATED_BYTES;
}

/* Room for the columns of a small profile, of which a part will be filled; a
 * large one asks for its own on several threads. */
static struct lg_room room_of(struct lg_str bytes, struct lg_arena *arena)
{
    size_t raw = arena != NULL ? lg_gzip_size_hint(bytes) : 0;
    if (raw < MIN_ROOM_BYTES || raw > LG_PPROF_SMALL_BYTES)
        return (struct lg_room){NULL, 0};
    struct lg_room room = lg_arena_room(arena, raw * ROOM_RATIO);
    room.bytes = (size_t)((double)room.bytes * FILLED_RATIO);
    return room;
}

bool lg_pprof_inflate(struct lg_str bytes, struct lg_arena *arena,
                      struct lg_arena *alone, struct lg_str *ret,
                      struct lg_error *err)
{
    if (lg_gzip_is(bytes))
        return lg_gunzip_ahead(bytes, inflate_limit(bytes.len), arena,
                               room_of(bytes, alone), ret, err);
    *ret = bytes;
    return true;
}

static bool parse(struct lg_pprof *d, struct lg_error *err)
{
    if (d->message.len == 0)
        return lg_fail_at(err, 0, "the profile is empty");
    if (d->message.len > MAX_INFLATED_BYTES)
        return lg_fail(err, LG_LIMIT, "the profile is larger than 1 GiB");
    if (!lg_profile_init(d->profile, d->arena))
        return lg_fail_nomem(err);
    return decode_all(d, err);
}

bool lg_pprof_parse_message(struct lg_str message, struct lg_arena *arena,
                            struct lg_profile *profile_ret,
                            struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_profile profile;
    lg_arena_init(&scratch, 0);
    struct lg_pprof d = {.profile = &profile,
                         .arena = arena,
                         .scratch = &scratch,
                         .message = message,
                         .lock = PTHREAD_MUTEX_INITIALIZER};
    bool ok = parse(&d, err);
    lg_arena_leave_room(arena);
    lg_arena_deinit(&scratch);
    if (ok)
        *profile_ret = profile;
    return ok;
}

bool lg_pprof_parse(struct lg_str bytes, struct lg_arena *arena,
                    struct lg_profile *profile_ret, struct lg_error *err)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    bool ok = lg_pprof_inflate(bytes, &scratch, NULL, &bytes, err) &&
              lg_pprof_parse_message(bytes, arena, profile_ret, err);
    lg_arena_deinit(&scratch);
    return ok;
}
