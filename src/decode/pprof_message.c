/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pprof_message.h"

#include "decode/pprof_plain.h"

#include <inttypes.h>

#define NO_ID 0

static bool value_type(struct lg_pprof *d, struct lg_cursor c,
                       struct lg_value_type *ret, struct lg_error *err)
{
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LG_PPROF_TYPE_TYPE)
            ret->type = lg_pprof_string(d, &c, &f);
        else if (f.number == LG_PPROF_TYPE_UNIT)
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

static void take_flag(struct lg_profile_mapping *m, struct lg_cursor *c,
                      const struct lg_wire_field *f)
{
    if (f->number == LG_PPROF_MAPPING_HAS_FUNCTIONS)
        m->has_functions = lg_wire_number(c, f) != 0;
    else if (f->number == LG_PPROF_MAPPING_HAS_FILENAMES)
        m->has_filenames = lg_wire_number(c, f) != 0;
    else if (f->number == LG_PPROF_MAPPING_HAS_LINE_NUMBERS)
        m->has_line_numbers = lg_wire_number(c, f) != 0;
    else if (f->number == LG_PPROF_MAPPING_HAS_INLINE_FRAMES)
        m->has_inline_frames = lg_wire_number(c, f) != 0;
}

bool lg_pprof_mapping(struct lg_pprof *d, struct lg_cursor c,
                      struct lg_error *err)
{
    struct lg_profile_mapping m = {.id = NO_ID};
    uint64_t offset = lg_cursor_offset(&c);
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LG_PPROF_MAPPING_ID)
            m.id = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_MAPPING_START)
            m.start = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_MAPPING_LIMIT)
            m.limit = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_MAPPING_OFFSET)
            m.offset = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_MAPPING_FILE)
            m.file = lg_pprof_string(d, &c, &f);
        else if (f.number == LG_PPROF_MAPPING_BUILD_ID)
            m.build_id = lg_pprof_string(d, &c, &f);
        else
            take_flag(&m, &c, &f);
    }
    if (!lg_cursor_finish(&c, err) || !define(&d->mappings, m.id, offset, err))
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
    if (c.reason == NULL && lg_pprof_plain_function(d, c.at, c.end))
        return true;
    struct lg_profile_function fn = {.id = NO_ID};
    uint64_t offset = lg_cursor_offset(&c);
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LG_PPROF_FUNCTION_ID)
            fn.id = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_FUNCTION_NAME)
            fn.name = lg_pprof_string(d, &c, &f);
        else if (f.number == LG_PPROF_FUNCTION_SYSTEM_NAME)
            fn.system_name = lg_pprof_string(d, &c, &f);
        else if (f.number == LG_PPROF_FUNCTION_FILE)
            fn.file = lg_pprof_string(d, &c, &f);
        else if (f.number == LG_PPROF_FUNCTION_START_LINE)
            fn.start_line = (int64_t)lg_wire_number(&c, &f);
    }
    if (!lg_cursor_finish(&c, err) ||
        !define(&d->functions, fn.id, offset, err))
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
    struct lg_profile_line line = {0};
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LG_PPROF_LINE_FUNCTION)
            function = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_LINE_LINE)
            line.line = (int64_t)lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_LINE_COLUMN)
            line.column = (int64_t)lg_wire_number(&c, &f);
    }
    if (!lg_cursor_finish(&c, err))
        return false;
    line.function = lg_pprof_ids_find(&d->functions, function);
    if (line.function == LG_PPROF_NO_INDEX)
        return lg_fail_at(err, offset,
                          "function %" PRIu64 " is not in the profile",
                          function);
    struct lg_profile_line *place = lg_push(d->arena, &d->profile->lines);
    if (place == NULL || d->profile->lines.count >= UINT32_MAX)
        return lg_fail_nomem(err);
    *place = line;
    return true;
}

bool lg_pprof_location(struct lg_pprof *d, struct lg_cursor c,
                       struct lg_error *err)
{
    if (c.reason == NULL && lg_pprof_plain_location(d, c.at, c.end))
        return true;
    struct lg_profile *p = d->profile;
    struct lg_profile_location l = {.id = NO_ID,
                                    .line_first = (uint32_t)p->lines.count};
    uint64_t offset = lg_cursor_offset(&c);
    struct lg_wire_field f;
    while (lg_wire_next(&c, &f)) {
        if (f.number == LG_PPROF_LOCATION_ID)
            l.id = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_LOCATION_MAPPING)
            l.mapping = lg_pprof_mapping_of(d, lg_wire_number(&c, &f));
        else if (f.number == LG_PPROF_LOCATION_ADDRESS)
            l.address = lg_wire_number(&c, &f);
        else if (f.number == LG_PPROF_LOCATION_IS_FOLDED)
            l.is_folded = lg_wire_number(&c, &f) != 0;
        else if (f.number == LG_PPROF_LOCATION_LINE &&
                 !add_line(d, lg_wire_message(&c, &f), err))
            return false;
    }
    if (!lg_cursor_finish(&c, err) || !define(&d->locations, l.id, offset, err))
        return false;
    l.line_count = (uint32_t)p->lines.count - l.line_first;
    struct lg_profile_location *place = lg_push(d->arena, &p->locations);
    if (place == NULL)
        return lg_fail_nomem(err);
    *place = l;
    return true;
}
