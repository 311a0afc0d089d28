/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_write.h"

#include "base/map.h"
#include "base/sb.h"
#include "decode/gzip.h"
#include "decode/pprof_fields.h"
#include "decode/wire.h"

#include <stdlib.h>

/* From this many numbers on, a repeated field is packed. */
#define MIN_PACKED 3

struct writer {
    const struct lg_profile *p;
    struct lg_arena *scratch;
    struct lg_sb out;     /* the profile */
    struct lg_sb message; /* a part of it */
    struct lg_sb inner;   /* a part of that; or packed numbers */
    struct lg_map strings;
    size_t next_label;
    LG_VEC(const struct lg_profile_label *) labels; /* of a sample */
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

static void put_flag(struct lg_sb *sb, uint32_t field, bool flag)
{
    put_number(sb, field, flag ? 1 : 0);
}

/* Packed numbers, which `numbers` holds; it is empty afterwards. Few of them
 * stand one by one. */
static void put_numbers(struct lg_sb *sb, uint32_t field, struct lg_sb *numbers,
                        size_t count)
{
    struct lg_cursor c;
    if (count >= MIN_PACKED) {
        put_message(sb, field, numbers);
        return;
    }
    lg_cursor_init(&c, numbers->data, numbers->len);
    for (; count > 0; count--) {
        put_varint(sb, (uint64_t)field << 3 | LG_WIRE_VARINT);
        put_varint(sb, lg_wire_varint(&c));
    }
    numbers->len = 0;
}

static void put_type(struct writer *w, uint32_t field,
                     const struct lg_value_type *type)
{
    put_string(w, &w->message, LG_PPROF_TYPE_TYPE, type->type);
    put_string(w, &w->message, LG_PPROF_TYPE_UNIT, type->unit);
    put_message(&w->out, field, &w->message);
}

static void put_label(struct writer *w, const struct lg_profile_label *label)
{
    put_string(w, &w->inner, LG_PPROF_LABEL_KEY, label->of->key);
    if (label->of->is_numeric) {
        put_number(&w->inner, LG_PPROF_LABEL_NUM, (uint64_t)label->of->num);
        put_string(w, &w->inner, LG_PPROF_LABEL_NUM_UNIT, label->of->num_unit);
    } else {
        put_string(w, &w->inner, LG_PPROF_LABEL_STR, label->of->str);
    }
    put_message(&w->message, LG_PPROF_SAMPLE_LABEL, &w->inner);
}

static void put_labels(struct writer *w, uint32_t sample)
{
    const struct lg_profile *p = w->p;
    w->labels.count = 0;
    for (; w->next_label < p->labels.count &&
           p->labels.items[w->next_label].sample == sample;
         w->next_label++) {
        const struct lg_profile_label **place = lg_push(w->scratch, &w->labels);
        if (place == NULL) {
            w->failed = true;
            return;
        }
        *place = &p->labels.items[w->next_label];
    }
    if (w->labels.count > 1)
        qsort(w->labels.items, w->labels.count, sizeof *w->labels.items,
              lg_profile_label_compare);
    lg_each(label, w->labels)
        put_label(w, *label);
}

static void put_sample(struct writer *w, uint32_t sample)
{
    const struct lg_profile *p = w->p;
    struct lg_profile_stack stack = p->samples.items[sample];
    for (uint32_t i = 0; i < stack.count; i++) {
        uint32_t location = p->stacks.items[stack.first + i];
        put_varint(&w->inner, p->locations.items[location].id);
    }
    put_numbers(&w->message, LG_PPROF_SAMPLE_LOCATION, &w->inner, stack.count);
    for (size_t t = 0; t < p->types.count; t++)
        put_varint(&w->inner, (uint64_t)lg_profile_value(p, sample, (int)t));
    put_numbers(&w->message, LG_PPROF_SAMPLE_VALUE, &w->inner, p->types.count);
    put_labels(w, sample);
    put_message(&w->out, LG_PPROF_SAMPLE, &w->message);
}

static void put_mapping(struct writer *w, const struct lg_profile_mapping *m)
{
    put_number(&w->message, LG_PPROF_MAPPING_ID, m->id);
    put_number(&w->message, LG_PPROF_MAPPING_START, m->start);
    put_number(&w->message, LG_PPROF_MAPPING_LIMIT, m->limit);
    put_number(&w->message, LG_PPROF_MAPPING_OFFSET, m->offset);
    put_string(w, &w->message, LG_PPROF_MAPPING_FILE, m->file);
    put_string(w, &w->message, LG_PPROF_MAPPING_BUILD_ID, m->build_id);
    put_flag(&w->message, LG_PPROF_MAPPING_HAS_FUNCTIONS, m->has_functions);
    put_flag(&w->message, LG_PPROF_MAPPING_HAS_FILENAMES, m->has_filenames);
    put_flag(&w->message, LG_PPROF_MAPPING_HAS_LINE_NUMBERS,
             m->has_line_numbers);
    put_flag(&w->message, LG_PPROF_MAPPING_HAS_INLINE_FRAMES,
             m->has_inline_frames);
    put_message(&w->out, LG_PPROF_MAPPING, &w->message);
}

static void put_line(struct writer *w, const struct lg_profile_line *line)
{
    const struct lg_profile *p = w->p;
    if (line->function != LG_NO_FUNCTION)
        put_number(&w->inner, LG_PPROF_LINE_FUNCTION,
                   p->functions.items[line->function].id);
    put_number(&w->inner, LG_PPROF_LINE_LINE, (uint64_t)line->line);
    put_number(&w->inner, LG_PPROF_LINE_COLUMN, (uint64_t)line->column);
    put_message(&w->message, LG_PPROF_LOCATION_LINE, &w->inner);
}

static void put_location(struct writer *w, const struct lg_profile_location *l)
{
    const struct lg_profile *p = w->p;
    put_number(&w->message, LG_PPROF_LOCATION_ID, l->id);
    if (l->mapping != 0)
        put_number(&w->message, LG_PPROF_LOCATION_MAPPING,
                   p->mappings.items[l->mapping - 1].id);
    put_number(&w->message, LG_PPROF_LOCATION_ADDRESS, l->address);
    for (uint32_t i = 0; i < l->line_count; i++)
        put_line(w, &p->lines.items[l->line_first + i]);
    put_flag(&w->message, LG_PPROF_LOCATION_IS_FOLDED, l->is_folded);
    put_message(&w->out, LG_PPROF_LOCATION, &w->message);
}

static void put_function(struct writer *w, const struct lg_profile_function *f)
{
    put_number(&w->message, LG_PPROF_FUNCTION_ID, f->id);
    put_string(w, &w->message, LG_PPROF_FUNCTION_NAME, f->name);
    put_string(w, &w->message, LG_PPROF_FUNCTION_SYSTEM_NAME, f->system_name);
    put_string(w, &w->message, LG_PPROF_FUNCTION_FILE, f->file);
    put_number(&w->message, LG_PPROF_FUNCTION_START_LINE,
               (uint64_t)f->start_line);
    put_message(&w->out, LG_PPROF_FUNCTION, &w->message);
}

/* Everything that has strings comes before the table in the order of the
 * fields, but for what stands here: those strings have to be known first. */
struct tail {
    uint64_t drop_frames, keep_frames, default_type, doc_url;
};

static void put_tail(struct writer *w, const struct tail *tail)
{
    const struct lg_profile *p = w->p;
    put_number(&w->out, LG_PPROF_DROP_FRAMES, tail->drop_frames);
    put_number(&w->out, LG_PPROF_KEEP_FRAMES, tail->keep_frames);
    put_number(&w->out, LG_PPROF_TIME_NANOS, (uint64_t)p->time_ns);
    put_number(&w->out, LG_PPROF_DURATION_NANOS, (uint64_t)p->duration_ns);
    if (p->period_type.type.len != 0 || p->period_type.unit.len != 0)
        put_type(w, LG_PPROF_PERIOD_TYPE, &p->period_type);
    put_number(&w->out, LG_PPROF_PERIOD, (uint64_t)p->period);
    lg_each(comment, p->comments)
        put_varint(&w->inner, string(w, *comment));
    put_numbers(&w->out, LG_PPROF_COMMENT, &w->inner, p->comments.count);
    put_varint(&w->out, LG_PPROF_DEFAULT_SAMPLE_TYPE << 3 | LG_WIRE_VARINT);
    put_varint(&w->out, tail->default_type);
    put_number(&w->out, LG_PPROF_DOC_URL, tail->doc_url);
    lg_sb_str(&w->out, p->unknown_fields);
}

/* Strings get their numbers in the order in which pprof meets them. */
static void put_strings_and_tail(struct writer *w)
{
    const struct lg_profile *p = w->p;
    struct tail tail = {.drop_frames = string(w, p->drop_frames),
                        .keep_frames = string(w, p->keep_frames)};
    (void)string(w, p->period_type.type);
    (void)string(w, p->period_type.unit);
    lg_each(comment, p->comments)
        (void)string(w, *comment);
    tail.default_type = string(w, p->default_type);
    tail.doc_url = string(w, p->doc_url);
    for (size_t i = 0; i < w->strings.count; i++)
        put_bytes(&w->out, LG_PPROF_STRING_TABLE, w->strings.entries[i].key);
    put_tail(w, &tail);
}

static void put_profile(struct writer *w)
{
    const struct lg_profile *p = w->p;
    lg_each(type, p->types)
        put_type(w, LG_PPROF_SAMPLE_TYPE, type);
    for (uint32_t i = 0; i < p->samples.count; i++)
        put_sample(w, i);
    lg_each(mapping, p->mappings)
        put_mapping(w, mapping);
    lg_each(location, p->locations)
        put_location(w, location);
    lg_each(function, p->functions)
        put_function(w, function);
    put_strings_and_tail(w);
}

static bool write_all(struct writer *w, struct lg_str *ret,
                      struct lg_error *err)
{
    (void)string(w, LG_STR(""));
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
