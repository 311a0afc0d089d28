/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: two profiles are the same in every column. Include after cmocka.h.
 */
#ifndef LG_TESTS_SAME_PROFILE_H
#define LG_TESTS_SAME_PROFILE_H

#include "evidence/profile.h"

#include <stdlib.h>

#define assert_same_str(a, b) assert_true(lg_str_eq((a), (b)))

static inline void assert_same_type(const struct lg_value_type *a,
                                    const struct lg_value_type *b)
{
    assert_same_str(a->type, b->type);
    assert_same_str(a->unit, b->unit);
}

static inline void assert_same_mappings(const struct lg_profile *a,
                                        const struct lg_profile *b)
{
    assert_int_equal(a->mappings.count, b->mappings.count);
    for (size_t i = 0; i < a->mappings.count; i++) {
        const struct lg_profile_mapping *x = &a->mappings.items[i];
        const struct lg_profile_mapping *y = &b->mappings.items[i];
        assert_int_equal(x->id, y->id);
        assert_int_equal(x->has_functions, y->has_functions);
        assert_int_equal(x->has_filenames, y->has_filenames);
        assert_int_equal(x->has_line_numbers, y->has_line_numbers);
        assert_int_equal(x->has_inline_frames, y->has_inline_frames);
        assert_int_equal(x->start, y->start);
        assert_int_equal(x->limit, y->limit);
        assert_int_equal(x->offset, y->offset);
        assert_same_str(x->file, y->file);
        assert_same_str(x->build_id, y->build_id);
    }
}

static inline void assert_same_functions(const struct lg_profile *a,
                                         const struct lg_profile *b)
{
    assert_int_equal(a->functions.count, b->functions.count);
    for (size_t i = 0; i < a->functions.count; i++) {
        const struct lg_profile_function *x = &a->functions.items[i];
        const struct lg_profile_function *y = &b->functions.items[i];
        assert_int_equal(x->id, y->id);
        assert_same_str(x->name, y->name);
        assert_same_str(x->system_name, y->system_name);
        assert_same_str(x->file, y->file);
        assert_int_equal(x->start_line, y->start_line);
    }
}

static inline void assert_same_locations(const struct lg_profile *a,
                                         const struct lg_profile *b)
{
    assert_int_equal(a->locations.count, b->locations.count);
    for (size_t i = 0; i < a->locations.count; i++) {
        const struct lg_profile_location *x = &a->locations.items[i];
        const struct lg_profile_location *y = &b->locations.items[i];
        assert_int_equal(x->id, y->id);
        assert_int_equal(x->is_folded, y->is_folded);
        assert_int_equal(x->address, y->address);
        assert_int_equal(x->mapping, y->mapping);
        assert_int_equal(x->line_count, y->line_count);
        for (uint32_t k = 0; k < x->line_count; k++) {
            const struct lg_profile_line *l =
                &a->lines.items[x->line_first + k];
            const struct lg_profile_line *m =
                &b->lines.items[y->line_first + k];
            assert_int_equal(l->function, m->function);
            assert_int_equal(l->line, m->line);
            assert_int_equal(l->column, m->column);
        }
    }
}

static inline void assert_same_samples(const struct lg_profile *a,
                                       const struct lg_profile *b)
{
    assert_int_equal(a->samples.count, b->samples.count);
    for (size_t i = 0; i < a->samples.count; i++) {
        struct lg_profile_stack m = a->samples.items[i];
        struct lg_profile_stack n = b->samples.items[i];
        assert_int_equal(m.count, n.count);
        for (size_t t = 0; t < a->types.count; t++)
            assert_int_equal(lg_profile_value(a, i, (int)t),
                             lg_profile_value(b, i, (int)t));
        for (uint32_t k = 0; k < m.count; k++)
            assert_int_equal(a->stacks.items[m.first + k],
                             b->stacks.items[n.first + k]);
    }
}

/* Among a sample's labels, those of one kind and key have an order. */
static inline int same_label_order(const void *left, const void *right)
{
    const struct lg_profile_label *a =
        *(const struct lg_profile_label *const *)left;
    const struct lg_profile_label *b =
        *(const struct lg_profile_label *const *)right;
    if (a->sample != b->sample)
        return a->sample < b->sample ? -1 : 1;
    if (a->of->is_numeric != b->of->is_numeric)
        return a->of->is_numeric ? 1 : -1;
    int order = lg_str_cmp(a->of->key, b->of->key);
    return order != 0 ? order : a < b ? -1 : a > b;
}

static inline const struct lg_profile_label **
same_labels_sorted(const struct lg_profile *p)
{
    const struct lg_profile_label **sorted =
        calloc(p->labels.count + 1, sizeof *sorted);
    assert_non_null(sorted);
    for (size_t i = 0; i < p->labels.count; i++)
        sorted[i] = &p->labels.items[i];
    qsort(sorted, p->labels.count, sizeof *sorted, same_label_order);
    return sorted;
}

static inline void assert_same_labels(const struct lg_profile *a,
                                      const struct lg_profile *b)
{
    assert_int_equal(a->labels.count, b->labels.count);
    const struct lg_profile_label **all_a = same_labels_sorted(a);
    const struct lg_profile_label **all_b = same_labels_sorted(b);
    for (size_t i = 0; i < a->labels.count; i++) {
        const struct lg_profile_label *x = all_a[i], *y = all_b[i];
        assert_int_equal(x->sample, y->sample);
        assert_int_equal(x->of->is_numeric, y->of->is_numeric);
        assert_same_str(x->of->key, y->of->key);
        assert_same_str(x->of->str, y->of->str);
        assert_int_equal(x->of->num, y->of->num);
        assert_same_str(x->of->num_unit, y->of->num_unit);
    }
    free(all_a);
    free(all_b);
}

static inline void assert_same_profile(const struct lg_profile *a,
                                       const struct lg_profile *b)
{
    assert_int_equal(a->types.count, b->types.count);
    for (size_t i = 0; i < a->types.count; i++)
        assert_same_type(&a->types.items[i], &b->types.items[i]);
    assert_same_mappings(a, b);
    assert_same_functions(a, b);
    assert_same_locations(a, b);
    assert_same_samples(a, b);
    assert_same_labels(a, b);
    assert_int_equal(a->time_ns, b->time_ns);
    assert_int_equal(a->duration_ns, b->duration_ns);
    assert_int_equal(a->period, b->period);
    assert_same_type(&a->period_type, &b->period_type);
    assert_same_str(a->default_type, b->default_type);
    assert_same_str(a->drop_frames, b->drop_frames);
    assert_same_str(a->keep_frames, b->keep_frames);
    assert_same_str(a->doc_url, b->doc_url);
    assert_same_str(a->unknown_fields, b->unknown_fields);
    assert_int_equal(a->comments.count, b->comments.count);
    for (size_t i = 0; i < a->comments.count; i++)
        assert_same_str(a->comments.items[i], b->comments.items[i]);
}

#endif
