/* SPDX-License-Identifier: Apache-2.0 */
/* What stays of samples and labels, and of their values: profile/filter.go
 * FilterTagsByName, profile.go Scale. */
#include "base/go_math.h"
#include "evidence/profile_filter.h"

#include "evidence/profile_view.h"

#include <math.h>

struct label_filter {
    struct lg_function_test show, hide; /* for their memory of texts */
    bool show_matched, hide_matched;
};

static bool label_stays(struct label_filter *f, struct lg_str key)
{
    bool shown = f->show.re == NULL || lg_function_test_text(&f->show, key);
    bool hidden = f->hide.re != NULL && lg_function_test_text(&f->hide, key);
    f->show_matched = f->show_matched || shown;
    f->hide_matched = f->hide_matched || hidden;
    return shown && !hidden;
}

static bool filter_labels(struct label_filter *f, struct lg_profile *view)
{
    size_t kept = 0;
    lg_each(label, view->labels)
        kept += label_stays(f, label->of->key);
    if (kept == view->labels.count)
        return true;
    struct lg_profile_label *labels =
        lg_new(view->arena, struct lg_profile_label, kept);
    if (labels == NULL)
        return false;
    size_t at = 0;
    lg_each(label, view->labels)
        if (label_stays(f, label->of->key))
            labels[at++] = *label;
    view->labels.items = labels;
    view->labels.count = view->labels.capacity = kept;
    return true;
}

bool lg_profile_filter_tags(const struct lg_profile *p,
                            const struct lg_regex *show,
                            const struct lg_regex *hide, struct lg_arena *arena,
                            struct lg_profile *ret, bool *show_matched_ret,
                            bool *hide_matched_ret)
{
    struct lg_profile view = lg_profile_view(p, arena);
    struct label_filter f = {0};
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    bool ok = lg_function_test_init(&f.show, p, show, &scratch) &&
              lg_function_test_init(&f.hide, p, hide, &scratch) &&
              filter_labels(&f, &view);
    lg_arena_deinit(&scratch);
    if (!ok)
        return false;
    *ret = view;
    *show_matched_ret = f.show_matched;
    *hide_matched_ret = f.hide_matched;
    return true;
}

bool lg_profile_filter_samples(const struct lg_profile *p,
                               lg_sample_test_fn *keep, void *context,
                               struct lg_arena *arena, struct lg_profile *ret)
{
    struct lg_profile view = lg_profile_view(p, arena);
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    uint8_t *stays = lg_new(&scratch, uint8_t, p->samples.count);
    size_t label = 0;
    for (uint32_t i = 0; stays != NULL && i < p->samples.count; i++) {
        size_t first = label;
        while (label < p->labels.count && p->labels.items[label].sample == i)
            label++;
        const struct lg_profile_label *labels =
            label > first ? &p->labels.items[first] : NULL;
        stays[i] = keep(context, p, i, labels, label - first);
    }
    bool ok = stays != NULL && lg_profile_select(&view, stays);
    lg_arena_deinit(&scratch);
    if (ok)
        *ret = view;
    return ok;
}

static bool scale(struct lg_profile *view, const double *ratios, uint8_t *keep)
{
    size_t types = view->types.count, count = view->samples.count * types;
    int64_t *values = lg_new(view->arena, int64_t, count);
    if (values == NULL)
        return false;
    for (size_t i = 0; i < view->samples.count; i++) {
        for (size_t t = 0; t < types; t++) {
            int64_t old = view->values[i * types + t];
            bool same = ratios[t] == 1;
            int64_t now =
                same ? old : lg_go_int64(round((double)old * ratios[t]));
            values[i * types + t] = now;
            /* A value that isn't scaled keeps no sample. */
            keep[i] |= !same && now != 0;
        }
    }
    view->values = values;
    view->values_capacity = count;
    return lg_profile_select(view, keep);
}

bool lg_profile_scale(const struct lg_profile *p, const double *ratios,
                      struct lg_arena *arena, struct lg_profile *ret)
{
    struct lg_profile view = lg_profile_view(p, arena);
    bool all_ones = true, ok = true;
    for (size_t t = 0; t < p->types.count; t++)
        all_ones = all_ones && ratios[t] == 1;
    if (!all_ones) {
        struct lg_arena scratch;
        lg_arena_init(&scratch, 0);
        uint8_t *keep = lg_new(&scratch, uint8_t, p->samples.count);
        ok = keep != NULL && scale(&view, ratios, keep);
        lg_arena_deinit(&scratch);
    }
    if (ok)
        *ret = view;
    return ok;
}
