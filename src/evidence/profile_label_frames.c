/* SPDX-License-Identifier: Apache-2.0 */
/* Labels as frames: driver/tagroot.go. */
#include "base/sb.h"
#include "evidence/measure.h"
#include "evidence/profile_filter.h"
#include "evidence/profile_view.h"

struct label_key {
    struct lg_str name;
    struct lg_map frames; /* text of the values → location index */
};

struct frames {
    struct lg_profile view;
    struct lg_arena scratch;
    LG_VEC(struct label_key) keys;
    /* Indices of keys, leaf first. */
    LG_VEC(uint32_t) roots, leaves;
    struct lg_sb text;
    struct lg_str unit;
    uint64_t next_function_id, next_location_id;
    bool root_matched, leaf_matched;
};

static bool add_key(struct frames *f, struct lg_str name, uint32_t *ret)
{
    for (size_t i = 0; i < f->keys.count; i++) {
        if (lg_str_eq(f->keys.items[i].name, name)) {
            *ret = (uint32_t)i;
            return true;
        }
    }
    struct label_key *key = lg_push(&f->scratch, &f->keys);
    if (key == NULL)
        return false;
    key->name = name;
    lg_map_init(&key->frames, &f->scratch);
    *ret = (uint32_t)(f->keys.count - 1);
    return true;
}

/* The last key of the list comes first: it is the nearest to the leaf. */
#define PUSH_KEYS(f, list, keys)                                               \
    push_keys((f), (list), &(keys)->items, &(keys)->count, &(keys)->capacity)
static bool push_keys(struct frames *f, struct lg_str list, uint32_t **items,
                      size_t *count, size_t *capacity)
{
    struct lg_cut cut = {.tail = list, .found = true};
    while (cut.found) {
        cut = lg_str_cut_char(cut.tail, ',');
        if (cut.head.len == 0)
            continue;
        if (!lg_vec_reserve_one(&f->scratch, items, *count, capacity,
                                sizeof **items, _Alignof(max_align_t)))
            return false;
        memmove(*items + 1, *items, *count * sizeof **items);
        ++*count;
        if (!add_key(f, cut.head, &(*items)[0]))
            return false;
    }
    return true;
}

static void find_ids(struct frames *f)
{
    lg_each(l, f->view.locations)
        if (l->id >= f->next_location_id)
            f->next_location_id = l->id + 1;
    lg_each(function, f->view.functions)
        if (function->id >= f->next_function_id)
            f->next_function_id = function->id + 1;
}

/* A frame whose function is named by the values and whose file by the key. */
static bool new_frame(struct frames *f, struct lg_str name, struct lg_str key,
                      uint64_t *location_ret)
{
    struct lg_profile *view = &f->view;
    struct lg_arena *arena = view->arena;
    if (view->functions.count >= LG_NO_FUNCTION - 1 ||
        view->lines.count >= UINT32_MAX - 1 ||
        view->locations.count >= UINT32_MAX - 1)
        return false;
    struct lg_profile_function *function = lg_push(arena, &view->functions);
    struct lg_profile_line *line = lg_push(arena, &view->lines);
    struct lg_profile_location *location = lg_push(arena, &view->locations);
    if (function == NULL || line == NULL || location == NULL)
        return false;
    *function = (struct lg_profile_function){
        .id = f->next_function_id++, .name = name, .file = key};
    line->function = (uint32_t)(view->functions.count - 1);
    *location = (struct lg_profile_location){
        .id = f->next_location_id++,
        .line_first = (uint32_t)(view->lines.count - 1),
        .line_count = 1,
    };
    *location_ret = view->locations.count - 1;
    return true;
}

static void add_value(struct lg_sb *text, struct lg_str value, size_t *count)
{
    if (*count != 0)
        lg_sb_char(text, ',');
    lg_sb_str(text, value);
    ++*count;
}

/* The values of a key, strings before numbers; how many. */
static size_t write_values(struct frames *f, struct lg_str key,
                           const struct lg_profile_label *labels,
                           size_t label_count)
{
    bool has_units = false;
    size_t count = 0;
    f->text.len = 0;
    for (size_t i = 0; i < label_count; i++) {
        if (!lg_str_eq(labels[i].of->key, key))
            continue;
        if (labels[i].of->is_numeric)
            has_units = has_units || labels[i].of->num_unit.len != 0;
        else
            add_value(&f->text, labels[i].of->str, &count);
    }
    for (size_t i = 0; i < label_count; i++) {
        if (!labels[i].of->is_numeric || !lg_str_eq(labels[i].of->key, key))
            continue;
        add_value(&f->text, (struct lg_str){NULL, 0}, &count);
        lg_measure_label(&f->text, labels[i].of->num, labels[i].of->num_unit,
                         has_units ? f->unit : (struct lg_str){NULL, 0});
    }
    return count;
}

/* The frame of a sample's key; made when its text is new. */
static bool frame_of(struct frames *f, uint32_t key_index,
                     const struct lg_profile_label *labels, size_t label_count,
                     uint32_t *location_ret, bool *matched)
{
    struct label_key *key = &f->keys.items[key_index];
    if (write_values(f, key->name, labels, label_count) != 0)
        *matched = true;
    if (f->text.failed)
        return false;
    struct lg_str text = lg_sb_view(&f->text);
    uint64_t *known = lg_map_find_str(&key->frames, text), location;
    if (known == NULL) {
        struct lg_str name = lg_str_dup(f->view.arena, text);
        known = lg_map_put_str(&key->frames, name, NULL);
        if (name.data == NULL || known == NULL ||
            !new_frame(f, name, key->name, &location))
            return false;
        *known = location;
    }
    *location_ret = (uint32_t)*known;
    return true;
}

static bool frame_sample(struct frames *f, const struct lg_profile *p,
                         size_t sample, const struct lg_profile_label *labels,
                         size_t label_count, uint32_t *out)
{
    const struct lg_profile_stack *s = &p->samples.items[sample];
    uint32_t *stack = out + f->leaves.count, *roots = stack + s->count;
    /* Roots first: it shows in the order of the new locations. */
    for (size_t i = 0; i < f->roots.count; i++)
        if (!frame_of(f, f->roots.items[i], labels, label_count, roots + i,
                      &f->root_matched))
            return false;
    if (s->count != 0)
        memcpy(stack, p->stacks.items + s->first, s->count * sizeof *stack);
    for (size_t i = 0; i < f->leaves.count; i++)
        if (!frame_of(f, f->leaves.items[i], labels, label_count, out + i,
                      &f->leaf_matched))
            return false;
    return true;
}

static bool frame_all(struct frames *f, const struct lg_profile *p)
{
    size_t total = 0, more = f->roots.count + f->leaves.count, label = 0;
    for (size_t i = 0; i < p->samples.count; i++)
        total += p->samples.items[i].count + more;
    if (more > UINT32_MAX / 2 || total >= UINT32_MAX)
        return false;
    uint32_t *stacks = lg_new(f->view.arena, uint32_t, total), *at = stacks;
    if (stacks == NULL || !lg_own_column(&f->view, samples, 0))
        return false;
    for (size_t i = 0; i < p->samples.count; i++) {
        struct lg_profile_stack *s = &f->view.samples.items[i];
        size_t first = label;
        while (label < p->labels.count && p->labels.items[label].sample == i)
            label++;
        const struct lg_profile_label *labels =
            label > first ? &p->labels.items[first] : NULL;
        if (!frame_sample(f, p, i, labels, label - first, at))
            return false;
        s->first = (uint32_t)(at - stacks);
        s->count += (uint32_t)more;
        at += s->count;
    }
    f->view.stacks.items = stacks;
    f->view.stacks.count = f->view.stacks.capacity = total;
    return true;
}

bool lg_profile_label_frames(const struct lg_profile *p, struct lg_str roots,
                             struct lg_str leaves, struct lg_str unit,
                             struct lg_arena *arena, struct lg_profile *ret,
                             bool *root_matched_ret, bool *leaf_matched_ret)
{
    struct frames f = {
        .view = lg_profile_view(p, arena),
        .unit = unit,
        .next_function_id = 1,
        .next_location_id = 1,
    };
    lg_arena_init(&f.scratch, 0);
    lg_sb_init(&f.text, &f.scratch);
    find_ids(&f);
    bool ok =
        PUSH_KEYS(&f, roots, &f.roots) && PUSH_KEYS(&f, leaves, &f.leaves);
    if (ok && f.keys.count != 0)
        ok = frame_all(&f, p);
    lg_arena_deinit(&f.scratch);
    if (!ok)
        return false;
    *ret = f.view;
    *root_matched_ret = f.root_matched;
    *leaf_matched_ret = f.leaf_matched;
    return true;
}
