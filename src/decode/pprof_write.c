/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_write.h"

#include "base/map.h"
#include "base/sb.h"
#include "decode/gzip.h"
#include "decode/wire.h"

/* Field numbers, from profile.proto. */
enum {
    SAMPLE_TYPE = 1,
    SAMPLE,
    MAPPING,
    LOCATION,
    FUNCTION,
    STRING_TABLE,
    TIME_NANOS = 9,
    DURATION_NANOS,
    PERIOD_TYPE,
    PERIOD,
    DEFAULT_SAMPLE_TYPE = 14,
};
enum { TYPE_TYPE = 1, TYPE_UNIT };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_STR, LABEL_NUM, LABEL_NUM_UNIT };
enum {
    MAPPING_ID = 1,
    MAPPING_START,
    MAPPING_LIMIT,
    MAPPING_OFFSET,
    MAPPING_FILE,
    MAPPING_BUILD_ID,
    MAPPING_HAS_FUNCTIONS,
};
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum {
    FUNCTION_ID = 1,
    FUNCTION_NAME,
    FUNCTION_SYSTEM_NAME,
    FUNCTION_FILE,
    FUNCTION_START_LINE,
};

/* pprof looks names up itself where a mapping lacks them and the binary is at
 * hand. Like runtime/pprof, we speak of functions only. */
struct mapping_use {
    bool is_used, lacks_function;
};

struct writer {
    const struct lg_profile *p;
    struct lg_arena *scratch;
    struct lg_sb out;     /* the profile */
    struct lg_sb message; /* a part of it */
    struct lg_sb inner;   /* a part of that; or packed numbers */
    struct lg_map strings;
    struct mapping_use *uses;
    size_t next_label;
    bool failed;
};

static void put_varint(struct lg_sb *sb, uint64_t n)
{
    char bytes[10];
    size_t len = 0;
    for (; n >= 0x80; n >>= 7)
        bytes[len++] = (char)(n | 0x80);
    bytes[len++] = (char)n;
    lg_sb_str(sb, lg_str_from(bytes, len));
}

/* 0 is what an absent number means. */
static void put_number(struct lg_sb *sb, uint32_t field, uint64_t n)
{
    if (n == 0)
        return;
    put_varint(sb, (uint64_t)field << 3 | LG_WIRE_VARINT);
    put_varint(sb, n);
}

static void put_bytes(struct lg_sb *sb, uint32_t field, struct lg_str bytes)
{
    put_varint(sb, (uint64_t)field << 3 | LG_WIRE_BYTES);
    put_varint(sb, bytes.len);
    lg_sb_str(sb, bytes);
}

/* Takes what `part` holds, which is empty afterwards. */
static void put_message(struct lg_sb *sb, uint32_t field, struct lg_sb *part)
{
    put_bytes(sb, field, lg_sb_view(part));
    part->len = 0;
}

/* Index in the string table, whose entry 0 is "". */
static uint64_t string(struct writer *w, struct lg_str s)
{
    bool fresh;
    uint64_t *place = lg_map_put_str(&w->strings, s, &fresh);
    if (place == NULL) {
        w->failed = true;
        return 0;
    }
    if (fresh)
        *place = w->strings.count - 1;
    return *place;
}

static void put_string(struct writer *w, struct lg_sb *sb, uint32_t field,
                       struct lg_str s)
{
    put_number(sb, field, string(w, s));
}

static void put_type(struct writer *w, uint32_t field,
                     const struct lg_value_type *type)
{
    put_string(w, &w->message, TYPE_TYPE, type->type);
    put_string(w, &w->message, TYPE_UNIT, type->unit);
    put_message(&w->out, field, &w->message);
}

static void put_label(struct writer *w, const struct lg_profile_label *label)
{
    put_string(w, &w->inner, LABEL_KEY, label->key);
    put_string(w, &w->inner, LABEL_STR, label->str);
    if (label->str.len == 0)
        put_number(&w->inner, LABEL_NUM, (uint64_t)label->num);
    put_string(w, &w->inner, LABEL_NUM_UNIT, label->num_unit);
    put_message(&w->message, SAMPLE_LABEL, &w->inner);
}

static void put_sample(struct writer *w, uint32_t sample)
{
    const struct lg_profile *p = w->p;
    const struct lg_profile_stack *stack = &p->samples.items[sample];
    for (uint32_t i = 0; i < stack->count; i++)
        put_varint(&w->inner, (uint64_t)p->stacks.items[stack->first + i] + 1);
    put_message(&w->message, SAMPLE_LOCATION, &w->inner);
    for (size_t t = 0; t < p->types.count; t++)
        put_varint(&w->inner, (uint64_t)lg_profile_value(p, sample, (int)t));
    put_message(&w->message, SAMPLE_VALUE, &w->inner);
    for (; w->next_label < p->labels.count &&
           p->labels.items[w->next_label].sample == sample;
         w->next_label++)
        put_label(w, &p->labels.items[w->next_label]);
    put_message(&w->out, SAMPLE, &w->message);
}

static void note_use(struct writer *w, const struct lg_profile_location *l)
{
    if (l->mapping == 0)
        return;
    struct mapping_use *use = &w->uses[l->mapping - 1];
    use->is_used = true;
    use->lacks_function |= l->line_count == 0;
    for (uint32_t i = 0; i < l->line_count; i++) {
        uint32_t function = w->p->lines.items[l->line_first + i].function;
        use->lacks_function |= w->p->functions.items[function].name.len == 0;
    }
}

static void put_mapping(struct writer *w, size_t i)
{
    const struct lg_profile_mapping *m = &w->p->mappings.items[i];
    const struct mapping_use *use = &w->uses[i];
    put_number(&w->message, MAPPING_ID, i + 1);
    put_number(&w->message, MAPPING_START, m->start);
    put_number(&w->message, MAPPING_LIMIT, m->limit);
    put_number(&w->message, MAPPING_OFFSET, m->offset);
    put_string(w, &w->message, MAPPING_FILE, m->file);
    put_string(w, &w->message, MAPPING_BUILD_ID, m->build_id);
    put_number(&w->message, MAPPING_HAS_FUNCTIONS,
               use->is_used && !use->lacks_function);
    put_message(&w->out, MAPPING, &w->message);
}

static void put_location(struct writer *w, size_t i)
{
    const struct lg_profile_location *l = &w->p->locations.items[i];
    put_number(&w->message, LOCATION_ID, i + 1);
    put_number(&w->message, LOCATION_MAPPING, l->mapping);
    put_number(&w->message, LOCATION_ADDRESS, l->address);
    for (uint32_t k = 0; k < l->line_count; k++) {
        const struct lg_profile_line *line =
            &w->p->lines.items[l->line_first + k];
        put_number(&w->inner, LINE_FUNCTION, (uint64_t)line->function + 1);
        put_number(&w->inner, LINE_LINE, (uint64_t)line->line);
        put_message(&w->message, LOCATION_LINE, &w->inner);
    }
    put_message(&w->out, LOCATION, &w->message);
}

static void put_function(struct writer *w, size_t i)
{
    const struct lg_profile_function *f = &w->p->functions.items[i];
    put_number(&w->message, FUNCTION_ID, i + 1);
    put_string(w, &w->message, FUNCTION_NAME, f->name);
    put_string(w, &w->message, FUNCTION_SYSTEM_NAME, f->system_name);
    put_string(w, &w->message, FUNCTION_FILE, f->file);
    put_number(&w->message, FUNCTION_START_LINE, (uint64_t)f->start_line);
    put_message(&w->out, FUNCTION, &w->message);
}

/* In the order of runtime/pprof; the strings come last, when all are known. */
static void put_profile(struct writer *w)
{
    const struct lg_profile *p = w->p;
    lg_each(type, p->types)
        put_type(w, SAMPLE_TYPE, type);
    for (uint32_t i = 0; i < p->samples.count; i++)
        put_sample(w, i);
    for (size_t i = 0; i < p->mappings.count; i++)
        put_mapping(w, i);
    for (size_t i = 0; i < p->locations.count; i++)
        put_location(w, i);
    for (size_t i = 0; i < p->functions.count; i++)
        put_function(w, i);
    put_number(&w->out, TIME_NANOS, (uint64_t)p->time_ns);
    put_number(&w->out, DURATION_NANOS, (uint64_t)p->duration_ns);
    if (p->period_type.type.len != 0 || p->period_type.unit.len != 0)
        put_type(w, PERIOD_TYPE, &p->period_type);
    put_number(&w->out, PERIOD, (uint64_t)p->period);
    put_string(w, &w->out, DEFAULT_SAMPLE_TYPE, p->default_type);
    for (size_t i = 0; i < w->strings.count; i++)
        put_bytes(&w->out, STRING_TABLE, w->strings.entries[i].key);
}

static bool write_all(struct writer *w, struct lg_str *ret,
                      struct lg_error *err)
{
    const struct lg_profile *p = w->p;
    w->uses = lg_new(w->scratch, struct mapping_use, p->mappings.count + 1);
    if (w->uses == NULL)
        return lg_fail_nomem(err);
    (void)string(w, LG_STR(""));
    lg_each(location, p->locations)
        note_use(w, location);
    put_profile(w);
    if (w->failed || w->out.failed || w->message.failed || w->inner.failed)
        return lg_fail_nomem(err);
    *ret = lg_sb_view(&w->out);
    return true;
}

bool lg_pprof_write(const struct lg_profile *p, struct lg_arena *arena,
                    struct lg_str *ret, struct lg_error *err)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    struct writer w = {.p = p, .scratch = &scratch};
    lg_sb_init(&w.out, arena);
    lg_sb_init(&w.message, &scratch);
    lg_sb_init(&w.inner, &scratch);
    lg_map_init(&w.strings, &scratch);
    bool ok = write_all(&w, ret, err);
    lg_arena_deinit(&scratch);
    return ok;
}

bool lg_pprof_write_gz(const struct lg_profile *p, struct lg_arena *arena,
                       struct lg_str *ret, struct lg_error *err)
{
    struct lg_arena scratch;
    struct lg_str raw = {NULL, 0};
    lg_arena_init(&scratch, 0);
    bool ok = lg_pprof_write(p, &scratch, &raw, err) &&
              lg_gzip_write(raw, arena, ret, err);
    lg_arena_deinit(&scratch);
    return ok;
}
