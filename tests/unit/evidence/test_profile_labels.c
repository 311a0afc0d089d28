/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/profile_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

struct label {
    uint32_t sample;
    const char *key, *str; /* str NULL: a number */
    int64_t num;
    const char *unit;
};

/* Samples of one location each; as many as the labels ask for. */
static void make(struct lg_profile *p, struct lg_arena *arena,
                 const struct label *labels, size_t count)
{
    const uint32_t stack[1] = {0};
    const int64_t values[1] = {1};
    assert_true(lg_profile_init(p, arena));
    assert_non_null(lg_push(arena, &p->types));
    struct lg_profile_location *l = lg_push(arena, &p->locations);
    assert_non_null(l);
    l->id = 7;
    for (size_t i = 0; i < count; i++) {
        while (p->samples.count <= labels[i].sample)
            assert_true(lg_profile_sample(p, stack, 1, values));
        struct lg_label label = {
            .is_numeric = labels[i].str == NULL,
            .key = lg_str_of(labels[i].key),
            .str = lg_str_of(labels[i].str),
            .num = labels[i].num,
            .num_unit = lg_str_of(labels[i].unit),
        };
        assert_true(lg_profile_add_label(p, labels[i].sample, &label));
    }
}

static void check_unit(const struct lg_label_units *units, const char *key,
                       const char *unit)
{
    struct lg_str found = lg_label_unit_of(units, lg_str_of(key));
    if (!lg_str_eq(found, lg_str_of(unit)))
        fail_msg("%s: %.*s", key, LG_STR_ARG(found));
}

static void the_first_unit_of_a_key_holds(void **state)
{
    static const struct label labels[] = {
        {0, "wait", NULL, 1, ""},    {0, "bytes", NULL, 8, ""},
        {0, "request", NULL, 8, ""}, {1, "wait", NULL, 1, "ms"},
        {1, "wait", NULL, 1, "s"},   {1, "wait", NULL, 1, "s"},
        {2, "wait", NULL, 1, "h"},   {2, "wait", NULL, 1, "s"},
        {2, "job", "x", 0, ""},      {3, "alignment", NULL, 8, NULL},
    };
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_label_units units;
    lg_arena_init(&arena, 0);
    make(&p, &arena, labels, LG_COUNT(labels));
    assert_true(lg_profile_label_units(&p, &arena, &units));
    check_unit(&units, "wait", "ms");
    check_unit(&units, "bytes", "bytes");
    check_unit(&units, "request", "bytes");
    check_unit(&units, "alignment", "bytes");
    check_unit(&units, "job", "");
    assert_int_equal(units.items.count, 4);
    const struct lg_label_unit *wait = &units.items.items[3];
    assert_true(lg_str_eq(wait->key, LG_STR("wait")));
    assert_int_equal(wait->ignored.count, 2);
    assert_true(lg_str_eq(wait->ignored.items[0], LG_STR("h")));
    assert_true(lg_str_eq(wait->ignored.items[1], LG_STR("s")));
    make(&p, &arena, NULL, 0);
    assert_true(lg_profile_label_units(&p, &arena, &units));
    check_unit(&units, "wait", "");
    lg_arena_deinit(&arena);
}

/* Functions of a sample, leaf first: "name@file". */
static void check_frames(const struct lg_profile *p, size_t sample,
                         const char *expected)
{
    char text[300];
    size_t at = 0;
    struct lg_profile_stack s = p->samples.items[sample];
    for (uint32_t i = 0; i < s.count; i++) {
        const struct lg_profile_location *l =
            &p->locations.items[p->stacks.items[s.first + i]];
        struct lg_profile_function f = {0};
        if (l->line_count != 0)
            f = p->functions.items[p->lines.items[l->line_first].function];
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s@%.*s",
                               i != 0 ? " " : "", LG_STR_ARG(f.name),
                               LG_STR_ARG(f.file));
    }
    assert_string_equal(text, expected);
}

static const struct label framed[] = {
    {0, "job", "import", 0, ""},    {0, "bytes", NULL, 2048, "bytes"},
    {0, "bytes", NULL, 7, ""},      {0, "job", "b", 0, ""},
    {1, "bytes", NULL, 2048, NULL}, {2, "job", "import", 0, ""},
    {2, "job", "b", 0, ""},
};

static void labels_become_frames(void **state)
{
    struct lg_arena arena;
    struct lg_profile p, out;
    bool root, leaf;
    lg_arena_init(&arena, 0);
    make(&p, &arena, framed, LG_COUNT(framed));
    assert_true(lg_profile_label_frames(&p, LG_STR("job,,bytes"),
                                        LG_STR("none,job"), LG_STR("kb"),
                                        &arena, &out, &root, &leaf));
    assert_true(root && leaf);
    /* The first key is nearest to the root, the last one to the leaf. */
    check_frames(&out, 0, "import,b@job @none @ 2kB,7kb@bytes import,b@job");
    check_frames(&out, 1, "@job @none @ 2048@bytes @job");
    check_frames(&out, 2, "import,b@job @none @ @bytes import,b@job");
    check_frames(&p, 0, "@");
    /* In the order in which they came up, roots before leaves. */
    assert_int_equal(out.locations.items[1].id, 8);
    assert_true(lg_str_eq(out.functions.items[0].file, LG_STR("bytes")));
    assert_true(lg_str_eq(out.functions.items[1].file, LG_STR("job")));
    assert_true(lg_str_eq(out.functions.items[2].file, LG_STR("none")));
    assert_int_equal(out.functions.items[0].id, 1);
    assert_int_equal(out.locations.count, 7);
    assert_true(lg_profile_label_frames(&p, LG_STR("none"), LG_STR(","),
                                        LG_STR("kb"), &arena, &out, &root,
                                        &leaf));
    assert_false(root || leaf);
    check_frames(&out, 1, "@ @none");
    lg_arena_deinit(&arena);
}

static void check_index(const struct lg_profile *p, const char *name,
                        int expected, const char *error)
{
    struct lg_error err = {0};
    size_t index = 99;
    bool ok = lg_profile_sample_index(p, lg_str_of(name), &index, &err);
    assert_int_equal(ok, expected >= 0);
    if (ok)
        assert_int_equal(index, expected);
    else
        assert_string_equal(err.text, error);
}

static void sample_types_are_chosen(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    assert_true(lg_profile_init(&p, &arena));
    check_index(&p, "", -1, "profile has no samples");
    static const char *const types[] = {"objects", "space", "inuse_y", "last"};
    for (size_t i = 0; i < LG_COUNT(types); i++) {
        struct lg_value_type *t = lg_push(&arena, &p.types);
        assert_non_null(t);
        t->type = lg_str_of(types[i]);
    }
    check_index(&p, "", 3, NULL);
    p.default_type = LG_STR("space");
    check_index(&p, "", 1, NULL);
    p.default_type = LG_STR("nothing");
    check_index(&p, "", 3, NULL);
    check_index(&p, "0", 0, NULL);
    check_index(&p, "+2", 2, NULL);
    check_index(&p, "inuse_space", 1, NULL);
    check_index(&p, "inuse_y", 2, NULL);
    check_index(&p, "4", -1, "sample_index 4 is outside the range [0..3]");
    check_index(&p, "-1", -1, "sample_index -1 is outside the range [0..3]");
    check_index(&p, "+-1", -1,
                "sample_index \"+-1\" must be one of: "
                "[objects space inuse_y last]");
    lg_arena_deinit(&arena);
}

static bool frame_them(void *context, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_profile out;
    struct lg_label_units units;
    bool root, leaf;
    return (lg_profile_label_units(context, arena, &units) &&
            lg_profile_label_frames(context, LG_STR("job,bytes"),
                                    LG_STR("none"), LG_STR("kb"), arena, &out,
                                    &root, &leaf)) ||
           lg_fail_nomem(err);
}

static void no_memory_is_said(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    lg_arena_init(&arena, 0);
    make(&p, &arena, framed, LG_COUNT(framed));
    assert_true(lg_alloc_fail_all(frame_them, &p) > 5);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_unit_of_a_key_holds),
        cmocka_unit_test(labels_become_frames),
        cmocka_unit_test(sample_types_are_chosen),
        cmocka_unit_test(no_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
