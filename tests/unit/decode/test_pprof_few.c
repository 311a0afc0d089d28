/* SPDX-License-Identifier: Apache-2.0 */
/* Few samples, but enough for a helper: what comes out is what went in,
 * whatever their form, and however the two that fill them meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "decode/gzip.h"
#include "decode/pprof.h"
#include "pb.h"
#include "rng.h"

#define SAMPLES 5000
#define LOCATIONS 9000
#define MAX_DEPTH 40
#define TYPES 2

enum odd {
    ODD_NONE,
    ODD_UNPACKED,      /* a sample with its values one by one */
    ODD_TWO_LABELS,    /* a sample with a label more than the others */
    ODD_TEXT_LABEL,    /* a sample whose label is a text */
    ODD_UNKNOWN,       /* a location that is not there */
    ODD_MISSING_VALUE, /* a value less than types */
};

struct shape {
    uint64_t first_id; /* of the locations */
    size_t small_from; /* samples from this on have ids of one byte only */
    bool has_labels, repeats;
    enum odd odd;
    size_t odd_at;
};

struct expected {
    uint64_t stack[MAX_DEPTH]; /* indices */
    size_t depth;
    uint64_t values[TYPES];
    uint64_t label; /* 0: none */
};

struct made {
    struct lg_arena arena;
    struct lg_sb out, m, inner;
    struct expected *samples;
};

static void make_label(struct made *k, uint64_t key, uint64_t str, uint64_t num)
{
    pb_varint(&k->inner, 1, key);
    if (str != 0)
        pb_varint(&k->inner, 2, str);
    else
        pb_varint(&k->inner, 3, num);
    pb_message(&k->m, 3, &k->inner);
}

static void make_sample(struct made *k, const struct shape *shape, size_t i,
                        struct lg_rng *rng)
{
    struct expected *e = &k->samples[i];
    bool is_odd = i == shape->odd_at;
    enum odd odd = is_odd ? shape->odd : ODD_NONE;
    uint64_t ids[MAX_DEPTH];
    size_t last = i >= shape->small_from ? 120 : LOCATIONS;
    if (shape->repeats && i % 3 == 2) {
        *e = e[-1];
    } else {
        e->depth = 1 + lg_rng_below(rng, MAX_DEPTH);
        for (size_t d = 0; d < e->depth; d++)
            e->stack[d] = lg_rng_below(rng, last);
    }
    for (size_t d = 0; d < e->depth; d++)
        ids[d] = e->stack[d] + shape->first_id;
    if (odd == ODD_UNKNOWN)
        ids[e->depth - 1] = LOCATIONS + 77;
    pb_packed(&k->m, 1, ids, e->depth);
    for (size_t t = 0; t < TYPES; t++)
        e->values[t] = lg_rng_any_width(rng);
    if (odd == ODD_UNPACKED)
        for (size_t t = 0; t < TYPES; t++)
            pb_varint(&k->m, 2, e->values[t]);
    else
        pb_packed(&k->m, 2, e->values,
                  odd == ODD_MISSING_VALUE ? TYPES - 1 : TYPES);
    e->label = shape->has_labels ? 1 + lg_rng_below(rng, 300) : 0;
    if (e->label != 0)
        make_label(k, 1, odd == ODD_TEXT_LABEL ? 2 : 0, e->label);
    if (odd == ODD_TWO_LABELS)
        make_label(k, 1, 0, 999);
    pb_message(&k->out, 2, &k->m);
}

/* As pprof writes: samples before what they refer to. */
static void make(struct made *k, const struct shape *shape)
{
    static const char *const strings[] = {"", "bytes", "text", "main.f"};
    struct lg_rng rng = {11};
    lg_arena_init(&k->arena, 0);
    lg_sb_init(&k->out, &k->arena);
    lg_sb_init(&k->m, &k->arena);
    lg_sb_init(&k->inner, &k->arena);
    k->samples = lg_new(&k->arena, struct expected, SAMPLES);
    assert_non_null(k->samples);
    for (size_t t = 0; t < TYPES; t++) {
        pb_varint(&k->m, 1, 2);
        pb_varint(&k->m, 2, 1);
        pb_message(&k->out, 1, &k->m);
    }
    for (size_t i = 0; i < SAMPLES; i++)
        make_sample(k, shape, i, &rng);
    for (uint64_t i = 0; i < LOCATIONS; i++) {
        pb_varint(&k->m, 1, i + shape->first_id);
        pb_varint(&k->m, 3, 0x400000 + 16 * i);
        pb_varint(&k->inner, 1, 1);
        pb_varint(&k->inner, 2, i % 300);
        pb_message(&k->m, 4, &k->inner);
        pb_message(&k->out, 4, &k->m);
    }
    pb_varint(&k->m, 1, 1);
    pb_varint(&k->m, 2, 3);
    pb_message(&k->out, 5, &k->m);
    for (size_t i = 0; i < LG_COUNT(strings); i++)
        pb_bytes(&k->out, 6, lg_str_of(strings[i]));
}

/* Read as the only one: then there is room, and a helper, for what was
 * inflated; and as one of several. */
static bool parse_as(bool is_alone, struct lg_str bytes, struct lg_arena *arena,
                     struct lg_profile *p, struct lg_error *err)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    bool ok = lg_pprof_inflate(bytes, &scratch, is_alone ? arena : NULL, &bytes,
                               err) &&
              lg_pprof_parse_message(bytes, arena, p, err);
    lg_arena_deinit(&scratch);
    return ok;
}

static void assert_stack(const struct lg_profile *p, size_t sample,
                         const struct expected *e)
{
    struct lg_profile_stack s = p->samples.items[sample];
    assert_int_equal(s.count, e->depth);
    assert_true(s.first + s.count <= p->stacks.count);
    for (uint32_t d = 0; d < s.count; d++)
        assert_int_equal(p->stacks.items[s.first + d], e->stack[d]);
}

static void assert_label(const struct lg_profile *p, size_t sample, size_t *at,
                         const struct shape *shape, const struct expected *e)
{
    bool is_odd = sample == shape->odd_at;
    const struct lg_profile_label *l = &p->labels.items[*at];
    assert_int_equal(l->sample, sample);
    if (is_odd && shape->odd == ODD_TEXT_LABEL)
        assert_true(lg_str_eq(l->of->str, LG_STR("text")));
    else
        assert_int_equal(l->of->num, e->label);
    ++*at;
    if (is_odd && shape->odd == ODD_TWO_LABELS)
        assert_int_equal(p->labels.items[(*at)++].of->num, 999);
}

static void assert_as_made(const struct lg_profile *p, const struct made *k,
                           const struct shape *shape)
{
    size_t label = 0;
    assert_int_equal(p->samples.count, SAMPLES);
    assert_int_equal(p->locations.count, LOCATIONS);
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct expected *e = &k->samples[i];
        assert_stack(p, i, e);
        for (size_t t = 0; t < TYPES; t++)
            assert_true(lg_profile_value(p, i, (int)t) ==
                        (int64_t)e->values[t]);
        if (e->label != 0)
            assert_label(p, i, &label, shape, e);
    }
    assert_int_equal(p->labels.count, label);
}

static struct lg_str packed(struct made *k)
{
    struct lg_str gz;
    assert_true(lg_gzip_write(lg_sb_view(&k->out), &k->arena, &gz, NULL));
    return gz;
}

static void assert_shape(struct shape shape)
{
    struct made k;
    make(&k, &shape);
    struct lg_str gz = packed(&k);
    for (int i = 0; i < 2; i++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        if (!parse_as(i == 0, gz, &arena, &p, &err))
            fail_msg("%s", err.text);
        assert_as_made(&p, &k, &shape);
        assert_false(lg_arena_in_room(&arena) && arena.at != arena.end);
        lg_arena_deinit(&arena);
    }
    lg_arena_deinit(&k.arena);
}

static void test_usual(void **state)
{
    for (int n = 0; n < 8; n++)
        assert_shape((struct shape){.first_id = 1,
                                    .small_from = SAMPLES,
                                    .has_labels = (n & 1) != 0,
                                    .repeats = (n & 2) != 0});
}

/* Numbered otherwise than expected. */
static void test_other_ids(void **state)
{
    assert_shape((struct shape){
        .first_id = 2, .small_from = SAMPLES, .has_labels = true});
}

/* The first stacks take two bytes an entry, later ones take one: more entries
 * than the first block lets expect. */
static void test_denser_later(void **state)
{
    for (size_t from = 0; from <= SAMPLES; from += SAMPLES / 4)
        assert_shape((struct shape){
            .first_id = 1, .small_from = from, .has_labels = true});
}

static void test_odd_sample(void **state)
{
    static const size_t places[] = {0, 1, 300, SAMPLES / 2, SAMPLES - 1};
    for (enum odd odd = ODD_UNPACKED; odd <= ODD_TEXT_LABEL; odd++)
        for (size_t i = 0; i < LG_COUNT(places); i++)
            assert_shape((struct shape){.first_id = 1,
                                        .small_from = SAMPLES,
                                        .has_labels = true,
                                        .odd = odd,
                                        .odd_at = places[i]});
}

static void assert_wrong(enum odd odd, size_t at, const char *words)
{
    struct made k;
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    make(&k, &(struct shape){.first_id = 1,
                             .small_from = SAMPLES,
                             .has_labels = true,
                             .odd = odd,
                             .odd_at = at});
    lg_arena_init(&arena, 0);
    assert_false(parse_as(true, packed(&k), &arena, &p, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_true(lg_str_contains(lg_str_of(err.text), lg_str_of(words)));
    lg_arena_deinit(&arena);
    lg_arena_deinit(&k.arena);
}

static void test_wrong_sample(void **state)
{
    assert_wrong(ODD_UNKNOWN, 0, "sample 0");
    assert_wrong(ODD_UNKNOWN, SAMPLES - 1, "location 9077");
    assert_wrong(ODD_MISSING_VALUE, 2000, "sample 2000");
}

static bool parse_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_profile p;
    return parse_as(true, *(struct lg_str *)context, arena, &p, err);
}

static void test_out_of_memory(void **state)
{
    struct made k;
    make(&k, &(struct shape){
                 .first_id = 1, .small_from = SAMPLES, .has_labels = true});
    struct lg_str gz = packed(&k);
    assert_true(lg_alloc_fail_all(parse_again, &gz) > 0);
    lg_arena_deinit(&k.arena);
}

/* Tables that fail while samples are being filled. */
static void test_cut(void **state)
{
    struct made k;
    make(&k, &(struct shape){
                 .first_id = 1, .small_from = SAMPLES, .has_labels = true});
    for (size_t n = 1; n < 40; n++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_error err = {0};
        struct lg_str whole = lg_sb_view(&k.out);
        lg_arena_init(&arena, 0);
        struct lg_str gz, cut = lg_str_from(whole.data, whole.len / 40 * n);
        assert_true(lg_gzip_write(cut, &k.arena, &gz, NULL));
        assert_false(parse_as(true, gz, &arena, &p, &err));
        assert_int_equal(err.kind, LG_BAD_DATA);
        lg_arena_deinit(&arena);
    }
    /* A function that is named by what no table has. */
    pb_varint(&k.m, 1, 2);
    pb_varint(&k.m, 2, 99);
    pb_message(&k.out, 5, &k.m);
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    assert_false(parse_as(true, packed(&k), &arena, &p, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    lg_arena_deinit(&arena);
    lg_arena_deinit(&k.arena);
}

/* Damaged anywhere: a profile, or a sentence, and the same each time. */
static void test_damaged(void **state)
{
    struct made k;
    struct lg_rng rng = {5};
    make(&k, &(struct shape){
                 .first_id = 1, .small_from = SAMPLES, .has_labels = true});
    for (int n = 0; n < 150; n++) {
        size_t at = lg_rng_below(&rng, k.out.len);
        char was = k.out.data[at];
        size_t stacks[2] = {0, 0};
        k.out.data[at] = (char)lg_rng_u64(&rng);
        struct lg_str gz = packed(&k);
        for (size_t i = 0; i < 2; i++) {
            struct lg_arena arena;
            struct lg_profile p;
            struct lg_error err = {0};
            lg_arena_init(&arena, 0);
            if (parse_as(i == 0, gz, &arena, &p, &err))
                stacks[i] = p.stacks.count;
            else
                assert_true(err.kind == LG_BAD_DATA && err.text[0] != '\0');
            lg_arena_deinit(&arena);
        }
        assert_int_equal(stacks[0], stacks[1]);
        k.out.data[at] = was;
    }
    lg_arena_deinit(&k.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),         cmocka_unit_test(test_other_ids),
        cmocka_unit_test(test_denser_later),  cmocka_unit_test(test_odd_sample),
        cmocka_unit_test(test_wrong_sample),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
