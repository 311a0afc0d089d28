/* SPDX-License-Identifier: Apache-2.0 */
/* Lines `name=value`, as the shell takes them; then the tag filters that came
 * out are asked about some labels. */
#include "report/pprof_options.h"

#include "report/pprof_tag_filter.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What a variable shows is a value that leaves it as it is. */
static void check_round_trip(struct lg_pprof_options *o, struct lg_arena *arena)
{
    for (const struct lg_pprof_field *f = lg_pprof_fields; f->name; f++) {
        struct lg_error err = {0};
        struct lg_str shown = lg_pprof_options_get(o, f, arena);
        if (f->choices != NULL && shown.len == 0)
            continue; /* not chosen yet */
        if (!lg_pprof_options_set(o, f, shown, &err))
            abort();
        if (!lg_str_eq(lg_pprof_options_get(o, f, arena), shown))
            abort();
    }
}

static void check_filter(struct lg_str value, struct lg_arena *arena)
{
    static const struct lg_label kinds[] = {
        {.key = {"job", 3}, .str = {"import", 6}},
        {.key = {"bytes", 5}, .is_numeric = true, .num = 4096},
        {.key = {"wait", 4}, .is_numeric = true, .num = INT64_MIN},
    };
    const struct lg_profile_label labels[] = {
        {0, &kinds[0]}, {0, &kinds[1]}, {0, &kinds[2]}};
    struct lg_label_unit items[] = {
        {.key = {"bytes", 5}, .unit = {"bytes", 5}},
        {.key = {"wait", 4}, .unit = {"ms", 2}},
    };
    struct lg_label_units units = {.items = {items, 2, 2}};
    struct lg_tag_filter filter;
    struct lg_error err = {0};
    if (lg_tag_filter_parse(&filter, "tagfocus", value, &units, arena, &err)) {
        bool match = lg_tag_filter_match(&filter, labels, 3);
        if (match != lg_tag_filter_match(&filter, labels, 3))
            abort();
        (void)lg_tag_filter_match(&filter, labels, 0);
    } else if (err.kind != LG_USAGE && err.kind != LG_LIMIT) {
        abort();
    }
    lg_tag_filter_deinit(&filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_arena arena;
    struct lg_pprof_options o;
    struct lg_cut line = {.tail = lg_str_from(data, len), .found = true};
    lg_arena_init(&arena, 0);
    lg_pprof_options_init(&o);
    while (line.found) {
        line = lg_str_cut_char(line.tail, '\n');
        struct lg_cut cut = lg_str_cut_char(line.head, '=');
        struct lg_error err = {0};
        if (!lg_pprof_options_configure(&o, cut.head, cut.tail, &err) &&
            (err.kind != LG_USAGE || err.text[0] == '\0'))
            abort();
    }
    check_round_trip(&o, &arena);
    if (o.tagfocus.len != 0)
        check_filter(o.tagfocus, &arena);
    lg_arena_deinit(&arena);
    return 0;
}
