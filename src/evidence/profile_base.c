/* SPDX-License-Identifier: Apache-2.0 */
/* What profiles need before they are merged or subtracted. */
#include "base/map.h"
#include "evidence/profile_filter.h"
#include "evidence/profile_merge.h"

#include <inttypes.h>

struct names {
    struct lg_str *items;
    size_t count, capacity;
};

/* Types that are met as often as there are profiles: one that has two of the
 * same name has none of that name in common with itself, as in pprof. */
static bool common_names(const struct lg_profile *profiles, size_t count,
                         struct lg_arena *scratch, struct names *ret)
{
    struct lg_map met;
    lg_map_init(&met, scratch);
    for (size_t i = 0; i < count; i++) {
        lg_each(type, profiles[i].types) {
            uint64_t *times = lg_map_put_str(&met, type->type, NULL);
            if (times == NULL)
                return false;
            ++*times;
        }
    }
    lg_each(type, profiles[0].types) {
        if (*lg_map_find_str(&met, type->type) != count)
            continue;
        struct lg_str *place = lg_push(scratch, ret);
        if (place == NULL)
            return false;
        *place = type->type;
    }
    return true;
}

/* Where each of the names is among the profile's types. */
static bool find_types(const struct lg_profile *p, const struct names *names,
                       size_t *from, bool *changes, struct lg_error *err)
{
    *changes = names->count != p->types.count;
    for (size_t i = 0; i < names->count; i++) {
        int at = lg_profile_type(p, names->items[i]);
        if (at < 0)
            return lg_fail(err, LG_USAGE,
                           "\"%.*s\" sample type is not found in profile",
                           LG_STR_ARG(names->items[i]));
        from[i] = (size_t)at;
        *changes |= from[i] != i;
    }
    return true;
}

static bool pick_types(struct lg_profile *p, const struct names *names,
                       const size_t *from, struct lg_arena *arena)
{
    size_t count = names->count, old = p->types.count;
    struct lg_value_type *types = lg_new(arena, struct lg_value_type, count);
    int64_t *values = lg_new(arena, int64_t, p->samples.count * count);
    if (types == NULL || values == NULL)
        return false;
    struct lg_str default_type = names->items[0];
    for (size_t t = 0; t < count; t++) {
        types[t] = p->types.items[from[t]];
        if (lg_str_eq(names->items[t], p->default_type))
            default_type = p->default_type;
    }
    for (size_t i = 0; i < p->samples.count; i++)
        for (size_t t = 0; t < count; t++)
            values[i * count + t] = p->values[i * old + from[t]];
    p->types.items = types;
    p->types.count = p->types.capacity = count;
    p->values = values;
    p->values_capacity = p->samples.count * count;
    p->default_type = default_type;
    return true;
}

static bool cut_types(struct lg_profile *profiles, size_t count,
                      const struct names *names, struct lg_arena *arena,
                      struct lg_arena *scratch, struct lg_error *err)
{
    size_t *from = lg_new(scratch, size_t, names->count);
    if (from == NULL)
        return lg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        bool changes;
        if (!find_types(&profiles[i], names, from, &changes, err))
            return false;
        if (changes && !pick_types(&profiles[i], names, from, arena))
            return lg_fail_nomem(err);
    }
    return true;
}

bool lg_profile_common_types(struct lg_profile *profiles, size_t count,
                             struct lg_arena *arena, struct lg_error *err)
{
    struct lg_arena scratch;
    struct names names = {0};
    bool ok;
    lg_arena_init(&scratch, 0);
    if (!common_names(profiles, count, &scratch, &names))
        ok = lg_fail_nomem(err);
    else if (names.count == 0)
        ok = lg_fail(err, LG_USAGE,
                     "profiles have empty common sample type list");
    else
        ok = cut_types(profiles, count, &names, arena, &scratch, err);
    lg_arena_deinit(&scratch);
    return ok;
}

bool lg_profile_normalize(const struct lg_profile *p,
                          const struct lg_profile *base, struct lg_arena *arena,
                          struct lg_profile *ret, struct lg_error *err)
{
    if (!lg_profile_compatible(p, base, err))
        return false;
    double *ratios = lg_new(arena, double, p->types.count);
    if (ratios == NULL)
        return lg_fail_nomem(err);
    for (size_t t = 0; t < p->types.count; t++) {
        int64_t own = lg_profile_total(p, (int)t);
        ratios[t] =
            own == 0 ? 0 : (double)lg_profile_total(base, (int)t) / (double)own;
    }
    return lg_profile_scale(p, ratios, arena, ret) || lg_fail_nomem(err);
}

static bool is_empty(const struct lg_profile_label *l)
{
    return l->of->str.len == 0 && l->of->num == 0 && l->of->num_unit.len == 0;
}

bool lg_profile_drop_empty_labels(const struct lg_profile *p,
                                  struct lg_arena *arena,
                                  struct lg_profile *ret)
{
    struct lg_profile view = *p;
    size_t empty = 0;
    lg_each(label, p->labels)
        empty += is_empty(label);
    if (empty != 0) {
        size_t count = p->labels.count - empty, at = 0;
        view.labels.items = lg_new(arena, struct lg_profile_label, count);
        if (view.labels.items == NULL)
            return false;
        lg_each(label, p->labels)
            if (!is_empty(label))
                view.labels.items[at++] = *label;
        view.labels.count = view.labels.capacity = count;
    }
    view.arena = arena;
    *ret = view;
    return true;
}
