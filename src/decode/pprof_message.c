/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_message.h"

#include <inttypes.h>

/* Go stops at 1,024 frames and other writers far below; whoever walks a stack
 * may rely on this bound. */
#define MAX_STACK_LOCATIONS ((size_t)1 << 20)
/* Labels are few; this many in one sample are an attack. */
#define MAX_SAMPLE_LABELS ((size_t)1 << 16)
#define NO_ID 0

/* Field numbers, from profile.proto. */
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

struct lg_str lg_pprof_string(struct lg_pprof *d, struct lg_cursor *c,
                              const struct lg_wire_field *f)
{
    uint64_t index = lg_wire_number(c, f);
    if (index < d->strings.count)
        return d->strings.items[index];
    lg_cursor_fail(c, "a string is not in the table");
    return (struct lg_str){NULL, 0};
}

static bool value_type(struct lg_pprof *d, struct lg_cursor c,
                       struct lg_value_type *ret, struct lg_error *err)
{
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == TYPE_TYPE)
            ret->type = lg_pprof_string(d, &c, &f);
        else if (f.number == TYPE_UNIT)
            ret->unit = lg_pprof_string(d, &c, &f);
    }
    return lg_cursor_finish(&c, err);
}

bool lg_pprof_sample_type(struct lg_pprof *d, struct lg_cursor c,
                          struct lg_error *err)
{
    struct lg_value_type *type = lg_push(d->arena, &d->profile->types);
    return type != NULL ? value_type(d, c, type, err) : lg_fail_nomem(err);
}

bool lg_pprof_period_type(struct lg_pprof *d, struct lg_cursor c,
                          struct lg_error *err)
{
    return value_type(d, c, &d->profile->period_type, err);
}

/* An id must be new, and is never 0: that means none. */
static bool define(struct lg_pprof_ids *ids, uint64_t id, uint64_t offset,
                   struct lg_error *err)
{
    bool fresh;
    if (id == NO_ID)
        return lg_fail_at(err, offset, "no id");
    if (!lg_pprof_ids_define(ids, id, &fresh))
        return lg_fail_nomem(err);
    if (!fresh)
        return lg_fail_at(err, offset, "id %" PRIu64 " for a second time", id);
    return true;
}

bool lg_pprof_mapping(struct lg_pprof *d, struct lg_cursor c,
                      struct lg_error *err)
{
    struct lg_profile_mapping m = {0};
    uint64_t id = NO_ID, offset = lg_cursor_offset(&c);
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == MAPPING_ID)
            id = lg_wire_number(&c, &f);
        else if (f.number == MAPPING_START)
            m.start = lg_wire_number(&c, &f);
        else if (f.number == MAPPING_LIMIT)
            m.limit = lg_wire_number(&c, &f);
        else if (f.number == MAPPING_OFFSET)
            m.offset = lg_wire_number(&c, &f);
        else if (f.number == MAPPING_FILE)
            m.file = lg_pprof_string(d, &c, &f);
        else if (f.number == MAPPING_BUILD_ID)
            m.build_id = lg_pprof_string(d, &c, &f);
    }
    if (!lg_cursor_finish(&c, err) || !define(&d->mappings, id, offset, err))
        return false;
    struct lg_profile_mapping *place = lg_push(d->arena, &d->profile->mappings);
    if (place == NULL)
        return lg_fail_nomem(err);
    *place = m;
    return true;
}

bool lg_pprof_function(struct lg_pprof *d, struct lg_cursor c,
                       struct lg_error *err)
{
    struct lg_profile_function fn = {0};
    uint64_t id = NO_ID, offset = lg_cursor_offset(&c);
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == FUNCTION_ID)
            id = lg_wire_number(&c, &f);
        else if (f.number == FUNCTION_NAME)
            fn.name = lg_pprof_string(d, &c, &f);
        else if (f.number == FUNCTION_SYSTEM_NAME)
            fn.system_name = lg_pprof_string(d, &c, &f);
        else if (f.number == FUNCTION_FILE)
            fn.file = lg_pprof_string(d, &c, &f);
        else if (f.number == FUNCTION_START_LINE)
            fn.start_line = (int64_t)lg_wire_number(&c, &f);
    }
    if (!lg_cursor_finish(&c, err) || !define(&d->functions, id, offset, err))
        return false;
    struct lg_profile_function *place =
        lg_push(d->arena, &d->profile->functions);
    if (place == NULL)
        return lg_fail_nomem(err);
    *place = fn;
    return true;
}

static bool add_line(struct lg_pprof *d, struct lg_cursor c,
                     struct lg_error *err)
{
    uint64_t function = NO_ID, offset = lg_cursor_offset(&c);
    int64_t line = 0;
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LINE_FUNCTION)
            function = lg_wire_number(&c, &f);
        else if (f.number == LINE_LINE)
            line = (int64_t)lg_wire_number(&c, &f);
    }
    if (!lg_cursor_finish(&c, err))
        return false;
    uint32_t index = lg_pprof_ids_find(&d->functions, function);
    if (index == LG_PPROF_NO_INDEX)
        return lg_fail_at(err, offset,
                          "function %" PRIu64 " is not in the profile",
                          function);
    struct lg_profile_line *place = lg_push(d->arena, &d->profile->lines);
    if (place == NULL || d->profile->lines.count >= UINT32_MAX)
        return lg_fail_nomem(err);
    *place = (struct lg_profile_line){.function = index, .line = line};
    return true;
}

/* A mapping that is not there is no error: pprof takes it as none. */
static uint32_t mapping_of(const struct lg_pprof *d, uint64_t id)
{
    return id == NO_ID ? 0 : lg_pprof_ids_find(&d->mappings, id) + 1;
}

bool lg_pprof_location(struct lg_pprof *d, struct lg_cursor c,
                       struct lg_error *err)
{
    struct lg_profile *p = d->profile;
    struct lg_profile_location l = {.line_first = (uint32_t)p->lines.count};
    uint64_t id = NO_ID, offset = lg_cursor_offset(&c);
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LOCATION_ID)
            id = lg_wire_number(&c, &f);
        else if (f.number == LOCATION_MAPPING)
            l.mapping = mapping_of(d, lg_wire_number(&c, &f));
        else if (f.number == LOCATION_ADDRESS)
            l.address = lg_wire_number(&c, &f);
        else if (f.number == LOCATION_LINE &&
                 !add_line(d, lg_wire_message(&c, &f), err))
            return false;
    }
    if (!lg_cursor_finish(&c, err) || !define(&d->locations, id, offset, err))
        return false;
    l.line_count = (uint32_t)p->lines.count - l.line_first;
    struct lg_profile_location *place = lg_push(d->arena, &p->locations);
    if (place == NULL)
        return lg_fail_nomem(err);
    *place = l;
    return true;
}

/* pprof drops a label that is neither text nor number: so do we. */
static bool add_label(struct lg_pprof *d, struct lg_cursor c,
                      struct lg_error *err)
{
    struct lg_profile_label label = {.sample =
                                         (uint32_t)d->profile->samples.count};
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LABEL_KEY)
            label.key = lg_pprof_string(d, &c, &f);
        else if (f.number == LABEL_STR)
            label.str = lg_pprof_string(d, &c, &f);
        else if (f.number == LABEL_NUM)
            label.num = (int64_t)lg_wire_number(&c, &f);
        else if (f.number == LABEL_NUM_UNIT)
            label.num_unit = lg_pprof_string(d, &c, &f);
    }
    if (!lg_cursor_finish(&c, err))
        return false;
    if (label.str.len == 0 && label.num == 0 && label.num_unit.len == 0)
        return true;
    label.is_numeric = label.str.len == 0;
    struct lg_profile_label *place = lg_push(d->arena, &d->profile->labels);
    if (place == NULL)
        return lg_fail_nomem(err);
    *place = label;
    return true;
}

static bool add_stack(struct lg_pprof *d, struct lg_wire_numbers ids,
                      uint64_t offset, struct lg_error *err)
{
    uint64_t id;
    while (lg_wire_numbers_next(&ids, &id)) {
        uint32_t index = lg_pprof_ids_find(&d->locations, id);
        if (index == LG_PPROF_NO_INDEX)
            return lg_fail_at(err, offset,
                              "location %" PRIu64 " is not in the profile", id);
        uint32_t *place = lg_push(d->scratch, &d->stack);
        if (place == NULL)
            return lg_fail_nomem(err);
        *place = index;
    }
    if (d->stack.count > MAX_STACK_LOCATIONS)
        return lg_fail(err, LG_LIMIT, "a stack has more than %zu locations",
                       MAX_STACK_LOCATIONS);
    return lg_cursor_finish(&ids.cursor, err);
}

static bool add_values(struct lg_pprof *d, struct lg_wire_numbers values,
                       struct lg_error *err)
{
    uint64_t value;
    while (lg_wire_numbers_next(&values, &value)) {
        int64_t *place = lg_push(d->scratch, &d->values);
        if (place == NULL)
            return lg_fail_nomem(err);
        *place = (int64_t)value;
    }
    return lg_cursor_finish(&values.cursor, err);
}

static bool sample_field(struct lg_pprof *d, struct lg_cursor *c,
                         const struct lg_wire_field *f, struct lg_error *err)
{
    switch (f->number) {
    case SAMPLE_LOCATION:
        return add_stack(d, lg_wire_numbers(c, f), f->offset, err);
    case SAMPLE_VALUE:
        return add_values(d, lg_wire_numbers(c, f), err);
    case SAMPLE_LABEL:
        return add_label(d, lg_wire_message(c, f), err);
    default:
        return true;
    }
}

bool lg_pprof_sample(struct lg_pprof *d, struct lg_cursor c,
                     struct lg_error *err)
{
    size_t types = d->profile->types.count;
    size_t labels_before = d->profile->labels.count;
    uint64_t offset = lg_cursor_offset(&c);
    struct lg_wire_field f;
    d->stack.count = d->values.count = 0;
    while (lg_wire_next(&c, &f))
        if (!sample_field(d, &c, &f, err))
            return false;
    if (!lg_cursor_finish(&c, err))
        return false;
    if (d->values.count != types || types == 0)
        return lg_fail_at(err, offset, "%zu values for %zu sample types",
                          d->values.count, types);
    if (d->profile->labels.count - labels_before > MAX_SAMPLE_LABELS)
        return lg_fail(err, LG_LIMIT, "more than %zu labels",
                       MAX_SAMPLE_LABELS);
    if (!lg_profile_sample(d->profile, d->stack.items, d->stack.count,
                           d->values.items))
        return lg_fail_nomem(err);
    return true;
}
