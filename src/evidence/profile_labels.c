/* SPDX-License-Identifier: Apache-2.0 */
/* Units of numeric labels (profile.go NumLabelUnits), and the choice of a
 * sample type (profile/index.go). */
#include "evidence/profile_filter.h"
#include "evidence/profile_view.h"

#include <stdio.h>
#include <stdlib.h>

static int compare_strs(const void *a, const void *b)
{
    const struct lg_str *x = a, *y = b;
    return lg_str_cmp(*x, *y);
}

static int compare_units(const void *a, const void *b)
{
    const struct lg_label_unit *x = a, *y = b;
    return lg_str_cmp(x->key, y->key);
}

/* Sorted, each once. */
static void tidy(struct lg_label_unit *unit)
{
    size_t kept = 0;
    struct lg_str *items = unit->ignored.items;
    if (unit->ignored.count == 0)
        return;
    qsort(items, unit->ignored.count, sizeof *items, compare_strs);
    for (size_t i = 0; i < unit->ignored.count; i++)
        if (kept == 0 || !lg_str_eq(items[i], items[kept - 1]))
            items[kept++] = items[i];
    unit->ignored.count = kept;
}

/* The first unit of a key holds for all. The same other one in a row is kept
 * once, for that is what there is many of. */
static bool meet_unit(struct lg_label_unit *unit, struct lg_str met,
                      struct lg_arena *arena)
{
    size_t count = unit->ignored.count;
    if (met.len == 0 || lg_str_eq(met, unit->unit))
        return true;
    if (unit->unit.len == 0) {
        unit->unit = met;
        return true;
    }
    if (count != 0 && lg_str_eq(unit->ignored.items[count - 1], met))
        return true;
    struct lg_str *other = lg_push(arena, &unit->ignored);
    if (other != NULL)
        *other = met;
    return other != NULL;
}

/* The unit's place, new when the key is; NULL: no memory. */
static struct lg_label_unit *unit_of(struct lg_label_units *units,
                                     struct lg_map *keys, struct lg_str key,
                                     struct lg_arena *arena)
{
    bool fresh;
    uint64_t *place = lg_map_put_str(keys, key, &fresh);
    if (place == NULL)
        return NULL;
    if (!fresh)
        return &units->items.items[*place];
    *place = units->items.count;
    struct lg_label_unit *unit = lg_push(arena, &units->items);
    if (unit != NULL)
        unit->key = key;
    return unit;
}

static bool collect_units(const struct lg_profile *p, struct lg_arena *arena,
                          struct lg_map *keys, struct lg_label_units *units)
{
    struct lg_label_unit *unit = NULL; /* most have one key only */
    lg_each(label, p->labels) {
        if (!label->of->is_numeric)
            continue;
        if (unit == NULL || unit->key.data != label->of->key.data ||
            unit->key.len != label->of->key.len)
            unit = unit_of(units, keys, label->of->key, arena);
        if (unit == NULL || !meet_unit(unit, label->of->num_unit, arena))
            return false;
    }
    return true;
}

bool lg_profile_label_units(const struct lg_profile *p, struct lg_arena *arena,
                            struct lg_label_units *ret)
{
    struct lg_label_units units = {0};
    struct lg_arena scratch;
    struct lg_map keys;
    lg_arena_init(&scratch, 0);
    lg_map_init(&keys, &scratch);
    bool ok = collect_units(p, arena, &keys, &units);
    lg_arena_deinit(&scratch);
    if (!ok)
        return false;
    lg_each(unit, units.items) {
        if (unit->unit.len == 0)
            unit->unit = lg_str_eq(unit->key, LG_STR("alignment")) ||
                                 lg_str_eq(unit->key, LG_STR("request"))
                             ? LG_STR("bytes")
                             : unit->key;
        tidy(unit);
    }
    if (units.items.count != 0)
        qsort(units.items.items, units.items.count, sizeof *units.items.items,
              compare_units);
    *ret = units;
    return true;
}

struct lg_str lg_label_unit_of(const struct lg_label_units *units,
                               struct lg_str key)
{
    struct lg_label_unit wanted = {.key = key};
    const struct lg_label_unit *found =
        units->items.count == 0
            ? NULL
            : bsearch(&wanted, units->items.items, units->items.count,
                      sizeof wanted, compare_units);
    return found != NULL ? found->unit : (struct lg_str){NULL, 0};
}

/* "[a b]" */
static void list_types(const struct lg_profile *p, char *text, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < p->types.count && at < size; i++) {
        struct lg_str type = p->types.items[i].type;
        int len = snprintf(text + at, size - at, "%s%.*s", i == 0 ? "[" : " ",
                           LG_STR_ARG(type));
        at += len > 0 ? (size_t)len : 0;
    }
    if (at < size)
        snprintf(text + at, size - at, "]");
}

static size_t default_type(const struct lg_profile *p)
{
    int named =
        p->default_type.len != 0 ? lg_profile_type(p, p->default_type) : -1;
    return named >= 0 ? (size_t)named : p->types.count - 1;
}

/* strconv.Atoi: a sign may stand before the digits. */
static bool is_index(struct lg_str name, int64_t *ret)
{
    struct lg_str digits = name;
    if (lg_str_after(name, LG_STR("+"), &digits) &&
        lg_str_starts(digits, LG_STR("-")))
        return false;
    return lg_str_i64(digits, ret);
}

bool lg_profile_sample_index(const struct lg_profile *p, struct lg_str name,
                             size_t *index_ret, struct lg_error *err)
{
    int64_t index;
    size_t count = p->types.count;
    if (count == 0)
        return lg_fail(err, LG_USAGE, "profile has no samples");
    if (name.len == 0) {
        *index_ret = default_type(p);
        return true;
    }
    if (is_index(name, &index)) {
        if (index < 0 || (uint64_t)index >= count)
            return lg_fail(err, LG_USAGE,
                           "sample_index %.*s is outside the range [0..%zu]",
                           LG_STR_ARG(name), count - 1);
        *index_ret = (size_t)index;
        return true;
    }
    struct lg_str short_name = name;
    (void)lg_str_after(name, LG_STR("inuse_"), &short_name);
    for (size_t i = 0; i < count; i++) {
        struct lg_str type = p->types.items[i].type;
        if (lg_str_eq(type, name) || lg_str_eq(type, short_name)) {
            *index_ret = i;
            return true;
        }
    }
    char types[200];
    list_types(p, types, sizeof types);
    return lg_fail(err, LG_USAGE, "sample_index \"%.*s\" must be one of: %s",
                   LG_STR_ARG(name), types);
}
