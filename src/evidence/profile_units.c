/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile_units.h"

#include "base/go_math.h"
#include "evidence/measure.h"
#include "evidence/profile_filter.h"

static struct lg_str without_s(struct lg_str s)
{
    return lg_str_ends(s, LG_STR("s")) ? lg_str_first(s, s.len - 1) : s;
}

/* Adds one more type to those seen; *finest is NULL at first. */
static bool refine(const struct lg_value_type *type,
                   const struct lg_value_type **finest, struct lg_error *err)
{
    struct lg_str unit;
    if (*finest == NULL) {
        *finest = type;
        return true;
    }
    if (!lg_str_eq(without_s(type->type), without_s((*finest)->type)) ||
        !lg_measure_compatible((*finest)->unit, type->unit))
        return lg_fail(err, LG_USAGE,
                       "incompatible types: {%.*s %.*s} {%.*s %.*s}",
                       LG_STR_ARG((*finest)->type), LG_STR_ARG((*finest)->unit),
                       LG_STR_ARG(type->type), LG_STR_ARG(type->unit));
    if (lg_measure_scale(1, type->unit, (*finest)->unit, &unit) < 1)
        *finest = type;
    return true;
}

/* The units that all shall have, one for each sample type. */
static bool sample_units(const struct lg_profile *profiles, size_t count,
                         struct lg_str *units, struct lg_error *err)
{
    size_t types = profiles[0].types.count;
    for (size_t i = 1; i < count; i++) {
        if (profiles[i].types.count != types)
            return lg_fail(err, LG_USAGE,
                           "inconsistent samples type count: %zu != %zu", types,
                           profiles[i].types.count);
    }
    for (size_t t = 0; t < types; t++) {
        const struct lg_value_type *finest = NULL;
        for (size_t i = 0; i < count; i++) {
            if (!refine(&profiles[i].types.items[t], &finest, err))
                return lg_context(err, "sample types");
        }
        units[t] = finest->unit;
    }
    return true;
}

static bool scale_one(struct lg_profile *p, const struct lg_str *units,
                      struct lg_arena *arena)
{
    size_t types = p->types.count;
    bool changes = false;
    struct lg_value_type *items = lg_new(arena, struct lg_value_type, types);
    double *ratios = lg_new(arena, double, types);
    if (items == NULL || ratios == NULL)
        return false;
    for (size_t t = 0; t < types; t++) {
        struct lg_str unit;
        ratios[t] =
            lg_measure_scale(1, p->types.items[t].unit, units[t], &unit);
        items[t] = (struct lg_value_type){p->types.items[t].type, units[t]};
        changes |= ratios[t] != 1;
    }
    p->types.items = items;
    p->types.capacity = types;
    return !changes || lg_profile_scale(p, ratios, arena, p);
}

static bool period_types(struct lg_profile *profiles, size_t count,
                         struct lg_error *err)
{
    const struct lg_value_type *finest = NULL;
    size_t with_one = 0;
    for (size_t i = 0; i < count; i++) {
        if (!profiles[i].has_period_type)
            continue;
        with_one++;
        if (!refine(&profiles[i].period_type, &finest, err))
            return lg_context(err, "period type");
    }
    if (with_one < 2)
        return true;
    struct lg_str common = finest->unit, unit;
    for (size_t i = 0; i < count; i++) {
        struct lg_profile *p = &profiles[i];
        if (!p->has_period_type)
            continue;
        p->period = lg_go_int64(
            lg_measure_scale(p->period, p->period_type.unit, common, &unit));
        p->period_type.unit = common;
    }
    return true;
}

bool lg_profile_common_units(struct lg_profile *profiles, size_t count,
                             struct lg_arena *arena, struct lg_error *err)
{
    struct lg_str *units;
    if (count < 2)
        return true;
    if (!period_types(profiles, count, err))
        return false;
    units = lg_new(arena, struct lg_str, profiles[0].types.count);
    if (units == NULL)
        return lg_fail_nomem(err);
    if (!sample_units(profiles, count, units, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!scale_one(&profiles[i], units, arena))
            return lg_fail_nomem(err);
    }
    return true;
}
