/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof.h"

#include "decode/gzip.h"
#include "decode/pprof_message.h"

#include <inttypes.h>
#include <string.h>

/* What a profile inflates to. Go's own are 1 to 16 times their gzip size (most
 * where thousands of goroutines differ in a label only), so 200 times and a
 * floor for small ones lets every real one in; nobody's viewer goes above
 * 1 GiB. */
#define MAX_INFLATED_BYTES ((uint64_t)1 << 30)
#define MAX_INFLATED_RATIO 200
#define MIN_INFLATED_BYTES ((uint64_t)64 << 20)

/* Fields of Profile, from profile.proto. */
enum {
    SAMPLE_TYPE = 1,
    SAMPLE,
    MAPPING,
    LOCATION,
    FUNCTION,
    STRING_TABLE,
    DROP_FRAMES,
    KEEP_FRAMES,
    TIME_NANOS,
    DURATION_NANOS,
    PERIOD_TYPE,
    PERIOD,
    COMMENT,
    DEFAULT_SAMPLE_TYPE,
};

struct views {
    struct lg_str *items;
    size_t count, capacity;
};

/* What the first, shallow walk finds: where everything lies that samples refer
 * to, for files have the parts in any order. It jumps from field to field. */
struct skim {
    struct views fields[FUNCTION + 1]; /* but for samples: those only count */
    struct views strings;
    size_t samples, string_bytes;
};

static bool skim_field(struct skim *skim, struct lg_cursor *c,
                       const struct lg_wire_field *f, struct lg_arena *scratch)
{
    struct views *list = NULL;
    if (f->number == SAMPLE)
        skim->samples++;
    else if (f->number <= FUNCTION)
        list = &skim->fields[f->number];
    else if (f->number == STRING_TABLE)
        list = &skim->strings;
    if (list == NULL)
        return true;
    struct lg_str *place = lg_push(scratch, list);
    if (place == NULL)
        return false;
    *place = lg_wire_bytes(c, f);
    if (list == &skim->strings)
        skim->string_bytes += place->len;
    return true;
}

static bool skim_all(struct skim *skim, struct lg_cursor c,
                     struct lg_arena *scratch, struct lg_error *err)
{
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f))
        if (!skim_field(skim, &c, &f, scratch))
            return lg_fail_nomem(err);
    if (!lg_cursor_finish(&c, err))
        return false;
    if (skim->strings.count == 0 || skim->strings.items[0].len != 0)
        return lg_fail_at(err, 0, "no string table that begins with \"\"");
    return true;
}

/* One block for all the text, so that the inflated bytes can go. */
static bool copy_strings(struct lg_pprof *d, const struct skim *skim,
                         struct lg_error *err)
{
    char *text = lg_new(d->arena, char, skim->string_bytes);
    d->strings.items = lg_new(d->scratch, struct lg_str, skim->strings.count);
    if (text == NULL || d->strings.items == NULL)
        return lg_fail_nomem(err);
    lg_each(s, skim->strings) {
        if (s->len != 0)
            memcpy(text, s->data, s->len);
        d->strings.items[d->strings.count++] = lg_str_from(text, s->len);
        text += s->len;
    }
    return true;
}

#define RESERVE(arena, v, n)                                                   \
    ((v)->capacity = (n),                                                      \
     (v)->items = lg_arena_calloc((arena), (n), sizeof *(v)->items,            \
                                  _Alignof(max_align_t)),                      \
     (v)->items != NULL)

/* Every count was counted in the input, field by field; none was read. */
static bool reserve(struct lg_pprof *d, const struct skim *skim,
                    struct lg_error *err)
{
    struct lg_profile *p = d->profile;
    size_t mappings = skim->fields[MAPPING].count;
    size_t functions = skim->fields[FUNCTION].count;
    size_t locations = skim->fields[LOCATION].count;
    if (!RESERVE(d->arena, &p->samples, skim->samples) ||
        !RESERVE(d->arena, &p->locations, locations) ||
        !RESERVE(d->arena, &p->lines, locations) ||
        !RESERVE(d->arena, &p->functions, functions) ||
        !lg_pprof_ids_init(&d->mappings, mappings, d->scratch) ||
        !lg_pprof_ids_init(&d->functions, functions, d->scratch) ||
        !lg_pprof_ids_init(&d->locations, locations, d->scratch))
        return lg_fail_nomem(err);
    return true;
}

/* Each needs those above it. */
static const struct part {
    const char *name;
    lg_pprof_message_fn *decode;
    uint32_t field;
} parts[] = {
    {"sample type", lg_pprof_sample_type, SAMPLE_TYPE},
    {"mapping", lg_pprof_mapping, MAPPING},
    {"function", lg_pprof_function, FUNCTION},
    {"location", lg_pprof_location, LOCATION},
};

static bool decode_part(struct lg_pprof *d, const struct part *part,
                        const struct views *list, const uint8_t *begin,
                        struct lg_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        struct lg_str bytes = list->items[i];
        struct lg_cursor c;
        lg_cursor_init(&c, bytes.data, bytes.len);
        c.base_offset = (uint64_t)(c.begin - begin);
        if (!part->decode(d, c, err))
            return lg_context(err, "%s %zu", part->name, i);
    }
    return true;
}

static void decode_number(struct lg_pprof *d, struct lg_cursor *c,
                          const struct lg_wire_field *f)
{
    struct lg_profile *p = d->profile;
    int64_t n = (int64_t)lg_wire_number(c, f);
    if (f->number == DURATION_NANOS) {
        p->duration_ns = n;
    } else if (f->number == PERIOD) {
        p->period = n;
    } else if (d->has_time) {
        lg_cursor_fail(c, "two profiles stand in a row");
    } else {
        p->time_ns = n;
        d->has_time = n != 0;
    }
}

static bool decode_field(struct lg_pprof *d, struct lg_cursor *c,
                         const struct lg_wire_field *f, struct lg_error *err)
{
    struct lg_profile *p = d->profile;
    switch (f->number) {
    case SAMPLE:
        return lg_pprof_sample(d, lg_wire_message(c, f), err) ||
               lg_context(err, "sample %zu", p->samples.count);
    case PERIOD_TYPE:
        return lg_pprof_period_type(d, lg_wire_message(c, f), err) ||
               lg_context(err, "period type");
    case TIME_NANOS:
    case DURATION_NANOS:
    case PERIOD:
        decode_number(d, c, f);
        break;
    case DEFAULT_SAMPLE_TYPE:
        p->default_type = lg_pprof_string(d, c, f);
        break;
    }
    return true;
}

static bool decode_all(struct lg_pprof *d, struct lg_cursor c,
                       struct lg_error *err)
{
    struct skim skim = {0};
    if (!skim_all(&skim, c, d->scratch, err) || !copy_strings(d, &skim, err) ||
        !reserve(d, &skim, err))
        return false;
    for (size_t i = 0; i < LG_COUNT(parts); i++)
        if (!decode_part(d, &parts[i], &skim.fields[parts[i].field], c.begin,
                         err))
            return false;
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f))
        if (!decode_field(d, &c, &f, err))
            return false;
    return lg_cursor_finish(&c, err);
}

static uint64_t inflate_limit(size_t len)
{
    uint64_t limit = (uint64_t)len * MAX_INFLATED_RATIO;
    if (limit < MIN_INFLATED_BYTES)
        return MIN_INFLATED_BYTES;
    return limit < MAX_INFLATED_BYTES ? limit : MAX_INFLATED_BYTES;
}

static bool parse(struct lg_str bytes, struct lg_pprof *d, struct lg_error *err)
{
    if (lg_gzip_is(bytes) &&
        !lg_gunzip(bytes, inflate_limit(bytes.len), d->scratch, &bytes, err))
        return false;
    if (bytes.len == 0)
        return lg_fail_at(err, 0, "the profile is empty");
    if (bytes.len > MAX_INFLATED_BYTES)
        return lg_fail(err, LG_LIMIT, "the profile is larger than 1 GiB");
    if (!lg_profile_init(d->profile, d->arena))
        return lg_fail_nomem(err);
    struct lg_cursor c;
    lg_cursor_init(&c, bytes.data, bytes.len);
    return decode_all(d, c, err);
}

bool lg_pprof_parse(struct lg_str bytes, struct lg_arena *arena,
                    struct lg_profile *profile_ret, struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_profile profile;
    lg_arena_init(&scratch, 0);
    struct lg_pprof d = {
        .profile = &profile, .arena = arena, .scratch = &scratch};
    bool ok = parse(bytes, &d, err);
    lg_arena_deinit(&scratch);
    if (ok)
        *profile_ret = profile;
    return ok;
}
