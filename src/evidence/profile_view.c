/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile_view.h"

enum verdict {
    NOT_ASKED, /* 0: what an arena gives */
    NO,
    YES,
};

struct lg_profile lg_profile_view(const struct lg_profile *p,
                                  struct lg_arena *arena)
{
    struct lg_profile view = *p;
    view.arena = arena;
    view.types.capacity = view.types.count;
    view.mappings.capacity = view.mappings.count;
    view.functions.capacity = view.functions.count;
    view.lines.capacity = view.lines.count;
    view.locations.capacity = view.locations.count;
    view.stacks.capacity = view.stacks.count;
    view.samples.capacity = view.samples.count;
    view.values_capacity = view.samples.count * view.types.count;
    view.labels.capacity = view.labels.count;
    view.comments.capacity = view.comments.count;
    return view;
}

bool lg_own_items_(struct lg_arena *arena, void *items_ptr, size_t count,
                   size_t extra, size_t *capacity, size_t item_bytes)
{
    void *items;
    memcpy(&items, items_ptr, sizeof items);
    void *copy = lg_arena_calloc(arena, count + extra, item_bytes,
                                 _Alignof(max_align_t));
    if (copy == NULL)
        return false;
    if (count != 0)
        memcpy(copy, items, count * item_bytes);
    memcpy(items_ptr, &copy, sizeof copy);
    *capacity = count + extra;
    return true;
}

static size_t count_kept(const uint8_t *keep, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        kept += keep[i] != 0;
    return kept;
}

/* The labels of samples that stay, with the samples' new indices. */
static bool select_labels(struct lg_profile *view, const uint8_t *keep)
{
    size_t count = 0;
    lg_each(label, view->labels)
        count += keep[label->sample] != 0;
    struct lg_profile_label *labels =
        lg_new(view->arena, struct lg_profile_label, count);
    if (labels == NULL)
        return false;
    struct lg_profile_label *at = labels;
    uint32_t sample = 0, new_sample = 0;
    lg_each(label, view->labels) {
        if (keep[label->sample] == 0)
            continue;
        for (; sample < label->sample; sample++)
            new_sample += keep[sample] != 0;
        *at = *label;
        at->sample = new_sample;
        at++;
    }
    view->labels.items = labels;
    view->labels.count = view->labels.capacity = count;
    return true;
}

bool lg_profile_select(struct lg_profile *view, const uint8_t *keep)
{
    size_t types = view->types.count, total = view->samples.count;
    size_t kept = count_kept(keep, total);
    if (kept == total)
        return true;
    struct lg_profile_stack *samples =
        lg_new(view->arena, struct lg_profile_stack, kept);
    int64_t *values = lg_new(view->arena, int64_t, kept * types);
    if (samples == NULL || values == NULL || !select_labels(view, keep))
        return false;
    size_t at = 0;
    for (size_t i = 0; i < total; i++) {
        if (keep[i] == 0)
            continue;
        samples[at] = view->samples.items[i];
        memcpy(values + at * types, view->values + i * types,
               types * sizeof *values);
        at++;
    }
    view->samples.items = samples;
    view->samples.count = view->samples.capacity = kept;
    view->values = values;
    view->values_capacity = kept * types;
    return true;
}

bool lg_function_test_init(struct lg_function_test *t,
                           const struct lg_profile *p,
                           const struct lg_regex *re, struct lg_arena *scratch)
{
    *t = (struct lg_function_test){.profile = p, .re = re};
    lg_map_init(&t->texts, scratch);
    if (re == NULL)
        return true;
    t->functions = lg_new(scratch, uint8_t, p->functions.count);
    t->mappings = lg_new(scratch, uint8_t, p->mappings.count);
    return t->functions != NULL && t->mappings != NULL;
}

bool lg_function_test_text(struct lg_function_test *t, struct lg_str text)
{
    bool fresh;
    uint64_t *known = lg_map_put_str(&t->texts, text, &fresh);
    if (known == NULL) /* no memory: nothing is remembered */
        return lg_regex_match(t->re, text);
    if (fresh)
        *known = lg_regex_match(t->re, text);
    return *known != 0;
}

bool lg_function_test_line(struct lg_function_test *t, uint32_t function)
{
    if (function == LG_NO_FUNCTION)
        return false;
    uint8_t *known = &t->functions[function];
    if (*known == NOT_ASKED) {
        const struct lg_profile_function *f =
            &t->profile->functions.items[function];
        bool match = lg_function_test_text(t, f->name) ||
                     lg_function_test_text(t, f->file);
        *known = match ? YES : NO;
    }
    return *known == YES;
}

bool lg_function_test_mapping(struct lg_function_test *t,
                              const struct lg_profile_location *l)
{
    if (l->mapping == 0)
        return false;
    uint8_t *known = &t->mappings[l->mapping - 1];
    if (*known == NOT_ASKED) {
        struct lg_str file = t->profile->mappings.items[l->mapping - 1].file;
        *known = lg_function_test_text(t, file) ? YES : NO;
    }
    return *known == YES;
}
