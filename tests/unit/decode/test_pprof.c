/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/lines.h"
#include "decode/gzip.h"
#include "decode/pprof.h"
#include "golden.h"
#include "pb.h"
#include "rng.h"

#include <inttypes.h>

static int by_key(const void *left, const void *right)
{
    const struct lg_profile_label *a = left, *b = right;
    return lg_str_cmp(a->of->key, b->of->key);
}

/* pprof sorts a sample's labels. Gives the first label of later samples. */
static size_t raw_labels(struct lg_sb *sb, const struct lg_profile *p,
                         size_t sample, size_t at)
{
    struct lg_profile_label sorted[8];
    size_t count = 0;
    for (; at < p->labels.count && p->labels.items[at].sample == sample; at++) {
        assert_true(count < LG_COUNT(sorted));
        sorted[count++] = p->labels.items[at];
    }
    qsort(sorted, count, sizeof *sorted, by_key);
    for (size_t i = 0; i < count; i++) {
        lg_sb_cstr(sb, i == 0 ? "\n                " : " ");
        lg_sb_str(sb, sorted[i].of->key);
        lg_sb_cstr(sb, ":[");
        if (sorted[i].of->str.len != 0)
            lg_sb_str(sb, sorted[i].of->str);
        else
            lg_sb_fmt(sb, "%" PRId64, sorted[i].of->num);
        lg_sb_cstr(sb, "]");
    }
    return at;
}

/* `go tool pprof -raw`, written again from our profile. */
static void raw_samples(struct lg_sb *sb, const struct lg_profile *p)
{
    size_t label = 0;
    for (size_t i = 0; i < p->samples.count; i++) {
        for (size_t t = 0; t < p->types.count; t++)
            lg_sb_fmt(sb, " %10" PRId64, lg_profile_value(p, i, (int)t));
        lg_sb_cstr(sb, ": ");
        struct lg_profile_stack stack = p->samples.items[i];
        for (uint32_t n = 0; n < stack.count; n++)
            lg_sb_fmt(sb, "%u ", p->stacks.items[stack.first + n] + 1);
        label = raw_labels(sb, p, i, label);
        lg_sb_char(sb, '\n');
    }
}

static void raw_locations(struct lg_sb *sb, const struct lg_profile *p)
{
    for (size_t i = 0; i < p->locations.count; i++) {
        const struct lg_profile_location *l = &p->locations.items[i];
        lg_sb_fmt(sb, "%6zu: %#" PRIx64 " ", i + 1, l->address);
        if (l->mapping != 0)
            lg_sb_fmt(sb, "M=%u ", l->mapping);
        for (uint32_t k = 0; k < l->line_count; k++) {
            const struct lg_profile_line *line =
                &p->lines.items[l->line_first + k];
            const struct lg_profile_function *f =
                &p->functions.items[line->function];
            lg_sb_fmt(sb, "%s%.*s %.*s:%" PRId64 ":0 s=%" PRId64,
                      k != 0 ? "\n             " : "", LG_STR_ARG(f->name),
                      LG_STR_ARG(f->file), line->line, f->start_line);
        }
        lg_sb_char(sb, '\n');
    }
}

static struct lg_str raw_of(struct lg_arena *arena, const struct lg_profile *p)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_fmt(&sb, "PeriodType: %.*s %.*s\nPeriod: %" PRId64 "\nSamples:\n",
              LG_STR_ARG(p->period_type.type), LG_STR_ARG(p->period_type.unit),
              p->period);
    for (size_t t = 0; t < p->types.count; t++)
        lg_sb_fmt(&sb, "%s%.*s/%.*s%s", t != 0 ? " " : "",
                  LG_STR_ARG(p->types.items[t].type),
                  LG_STR_ARG(p->types.items[t].unit),
                  p->default_type.len != 0 &&
                          lg_str_eq(p->default_type, p->types.items[t].type)
                      ? "[dflt]"
                      : "");
    lg_sb_cstr(&sb, "\n");
    raw_samples(&sb, p);
    lg_sb_cstr(&sb, "Locations\n");
    raw_locations(&sb, p);
    return lg_sb_view(&sb);
}

/* Ours against pprof's: all but the time, and what comes behind the
 * locations. */
static void assert_raw(struct lg_arena *arena, const struct lg_profile *p,
                       struct lg_str expected)
{
    struct lg_str ours = raw_of(arena, p), a, b;
    size_t lines = 0;
    while (lg_lines_next(&expected, &b)) {
        if (lg_str_starts(b, LG_STR("Time: ")) ||
            lg_str_starts(b, LG_STR("Duration: ")))
            continue;
        if (lg_str_eq(b, LG_STR("Mappings")))
            break;
        assert_true(lg_lines_next(&ours, &a));
        if (!lg_str_eq(a, b))
            fail_msg("\nours:  %.*s\npprof: %.*s", LG_STR_ARG(a),
                     LG_STR_ARG(b));
        lines++;
    }
    assert_int_equal(ours.len, 0);
    assert_true(lines > 5);
}

static struct lg_profile parse(struct lg_arena *arena, struct lg_str bytes)
{
    struct lg_profile p;
    struct lg_error err = {0};
    if (!lg_pprof_parse(bytes, arena, &p, &err))
        fail_msg("%s", err.text);
    return p;
}

/* The oracle: what Go's own pprof reads out of the same files. */
static void test_against_pprof(void **state)
{
    static const char *const names[] = {"heap", "goroutine", "allocs",
                                        "threadcreate"};
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        for (size_t n = 0; n < LG_COUNT(names); n++) {
            struct lg_str gz =
                lg_golden(&arena, "pprof/%s/%s.pb.gz", version, names[n]);
            struct lg_str raw =
                lg_golden(&arena, "pprof/%s/%s.raw", version, names[n]);
            struct lg_profile p = parse(&arena, gz);
            assert_raw(&arena, &p, raw);
        }
        lg_arena_deinit(&arena);
    }
}

/* In the order in which pprof itself writes, samples come before all that they
 * refer to. */
static void test_order_of_fields(void **state)
{
    for (size_t v = 0; v < LG_GOLDEN_VERSIONS; v++) {
        const char *version = lg_golden_versions[v];
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        struct lg_profile p = parse(
            &arena, lg_golden(&arena, "pprof/%s/heap.proto.pb.gz", version));
        assert_raw(&arena, &p, lg_golden(&arena, "pprof/%s/heap.raw", version));
        lg_arena_deinit(&arena);
    }
}

/* Strings of the profiles made by hand below. */
enum { S_EMPTY, S_COUNT, S_LEAF, S_ROOT, S_FILE, S_KEY, S_VALUE, S_ALL };

struct maker {
    struct lg_arena arena;
    struct lg_sb out, m, inner;
};

static void maker_init(struct maker *k)
{
    lg_arena_init(&k->arena, 0);
    lg_sb_init(&k->out, &k->arena);
    lg_sb_init(&k->m, &k->arena);
    lg_sb_init(&k->inner, &k->arena);
}

static void make_strings(struct maker *k)
{
    static const char *const strings[S_ALL] = {
        "", "count", "main.leaf", "main.root", "main.go", "tenant", "acme"};
    for (size_t i = 0; i < S_ALL; i++)
        pb_bytes(&k->out, 6, lg_str_of(strings[i]));
}

static void make_type(struct maker *k)
{
    pb_varint(&k->m, 1, S_COUNT);
    pb_varint(&k->m, 2, S_COUNT);
    pb_message(&k->out, 1, &k->m);
}

static void make_function(struct maker *k, uint64_t id, uint64_t name)
{
    pb_varint(&k->m, 1, id);
    pb_varint(&k->m, 2, name);
    pb_varint(&k->m, 4, S_FILE);
    pb_message(&k->out, 5, &k->m);
}

static void make_location(struct maker *k, uint64_t id, uint64_t function)
{
    pb_varint(&k->inner, 1, function);
    pb_varint(&k->inner, 2, id % 100);
    pb_message(&k->m, 4, &k->inner);
    pb_varint(&k->m, 1, id);
    pb_varint(&k->m, 2, 99); /* a mapping that is not there */
    pb_message(&k->out, 4, &k->m);
}

static void make_sample(struct maker *k, uint64_t leaf, uint64_t root,
                        uint64_t value)
{
    pb_packed(&k->m, 1, (uint64_t[]){leaf, root}, 2);
    pb_packed(&k->m, 2, &value, 1);
    pb_message(&k->out, 2, &k->m);
}

/* leaf (id `first`) called from root (id `second`) */
static void make_usual(struct maker *k, uint64_t first, uint64_t second)
{
    make_type(k);
    make_function(k, first, S_LEAF);
    make_function(k, second, S_ROOT);
    make_location(k, first, first);
    make_location(k, second, second);
    make_sample(k, first, second, 5);
    make_strings(k);
}

static void assert_usual(struct maker *k, uint64_t first, uint64_t second)
{
    struct lg_profile p = parse(&k->arena, lg_sb_view(&k->out));
    struct lg_frame frame;
    assert_int_equal(p.samples.count, 1);
    assert_int_equal(lg_profile_value(&p, 0, 0), 5);
    struct lg_frame_iter it = lg_profile_frames(&p, 0);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_true(lg_str_eq(frame.function, LG_STR("main.leaf")));
    assert_int_equal(frame.line, first % 100);
    assert_true(lg_frame_iter_next(&it, &frame));
    assert_true(lg_str_eq(frame.function, LG_STR("main.root")));
    assert_true(lg_str_eq(frame.file, LG_STR("main.go")));
    assert_int_equal(frame.line, second % 100);
    assert_false(lg_frame_iter_next(&it, &frame));
    assert_int_equal(p.locations.items[0].mapping, 0);
    lg_arena_deinit(&k->arena);
}

static void test_ids(void **state)
{
    static const uint64_t pairs[][2] = {
        {1, 2},        {2, 1}, {77, 1000000}, {UINT64_MAX, UINT64_MAX - 1},
        {3, 1u << 31},
    };
    for (size_t i = 0; i < LG_COUNT(pairs); i++) {
        struct maker k;
        maker_init(&k);
        make_usual(&k, pairs[i][0], pairs[i][1]);
        assert_usual(&k, pairs[i][0], pairs[i][1]);
    }
}

/* Numbers one by one, fields that we do not know, of every wire type. */
static void test_unpacked_and_unknown(void **state)
{
    struct maker k;
    maker_init(&k);
    pb_varint(&k.m, 1, 1);
    pb_varint(&k.m, 200, 1);
    pb_varint(&k.m, 1, 2);
    pb_varint(&k.m, 2, 5);
    pb_bytes(&k.m, 300, LG_STR("new"));
    pb_message(&k.out, 2, &k.m);
    pb_raw_varint(&k.out, 100 << 3 | 5);
    lg_sb_cstr(&k.out, "1234");
    pb_raw_varint(&k.out, 101 << 3 | 1);
    lg_sb_cstr(&k.out, "12345678");
    make_type(&k);
    make_function(&k, 1, S_LEAF);
    make_function(&k, 2, S_ROOT);
    make_location(&k, 1, 1);
    make_location(&k, 2, 2);
    make_strings(&k);
    assert_usual(&k, 1, 2);
}

static void test_labels(void **state)
{
    struct maker k;
    maker_init(&k);
    make_usual(&k, 1, 2);
    for (size_t i = 0; i < 3; i++) {
        pb_varint(&k.inner, 1, S_KEY);
        if (i == 0)
            pb_varint(&k.inner, 2, S_VALUE);
        else
            pb_varint(&k.inner, 3, i == 1 ? (uint64_t)-7 : 0);
        pb_message(&k.m, 3, &k.inner);
    }
    pb_varint(&k.m, 2, 6);
    pb_message(&k.out, 2, &k.m);
    struct lg_profile p = parse(&k.arena, lg_sb_view(&k.out));
    assert_int_equal(p.labels.count, 2); /* a bare 0 is dropped */
    assert_int_equal(p.labels.items[0].sample, 1);
    assert_true(lg_str_eq(p.labels.items[0].of->key, LG_STR("tenant")));
    assert_true(lg_str_eq(p.labels.items[0].of->str, LG_STR("acme")));
    assert_int_equal(p.labels.items[1].of->num, -7);
    assert_int_equal(p.samples.items[1].count, 0); /* an empty stack */
    assert_int_equal(lg_profile_total(&p, 0), 11);
    lg_arena_deinit(&k.arena);
}

static void assert_refused(struct maker *k, const char *words)
{
    struct lg_profile p;
    struct lg_error err = {0};
    assert_false(lg_pprof_parse(lg_sb_view(&k->out), &k->arena, &p, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    assert_true(err.offset <= k->out.len);
    lg_arena_deinit(&k->arena);
}

static void test_refused(void **state)
{
    struct maker k;
    maker_init(&k);
    assert_refused(&k, "empty");
    maker_init(&k);
    make_type(&k);
    assert_refused(&k, "string table");
    maker_init(&k);
    make_usual(&k, 1, 2);
    make_sample(&k, 1, 3, 5);
    assert_refused(&k, "sample 1: location 3 is not in the profile at byte");
    maker_init(&k);
    make_usual(&k, 1, 2);
    make_location(&k, 3, 3);
    assert_refused(&k, "location 2: function 3 is not in the profile");
    maker_init(&k);
    make_usual(&k, 1, 2);
    make_location(&k, 2, 2);
    assert_refused(&k, "location 2: id 2 for a second time");
    maker_init(&k);
    make_usual(&k, 1, 2);
    make_function(&k, 0, S_LEAF);
    assert_refused(&k, "function 2: no id");
    maker_init(&k);
    make_usual(&k, 1, 2);
    make_function(&k, 3, S_ALL);
    assert_refused(&k, "a string is not in the table");
    maker_init(&k);
    make_usual(&k, 1, 2);
    make_type(&k);
    assert_refused(&k, "sample 0: 1 values for 2 sample types");
    maker_init(&k);
    make_usual(&k, 1, 2);
    pb_varint(&k.out, 9, 7);
    pb_varint(&k.out, 9, 7);
    assert_refused(&k, "two profiles");
    maker_init(&k);
    make_usual(&k, 1, 2);
    pb_varint(&k.out, 2, 7);
    assert_refused(&k, "wrong wire type");
    maker_init(&k);
    lg_sb_cstr(&k.out, "<html>404 page not found</html>");
    assert_refused(&k, "byte");
}

static void hostile(struct lg_str bytes, bool whole)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    bool ok = lg_pprof_parse(bytes, &arena, &p, &err);
    assert_true(ok || (err.kind == LG_BAD_DATA && err.text[0] != '\0') ||
                err.kind == LG_LIMIT);
    assert_true(ok || !whole);
    for (size_t i = 0; ok && i < p.samples.count; i++) {
        struct lg_frame_iter it = lg_profile_frames(&p, i);
        struct lg_frame frame;
        while (lg_frame_iter_next(&it, &frame))
            assert_true(frame.function.len == 0 || frame.function.data);
    }
    lg_arena_deinit(&arena);
}

static bool parse_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_profile p;
    return lg_pprof_parse(*(struct lg_str *)context, arena, &p, err);
}

static void test_hostile(void **state)
{
    static const char *const names[] = {"heap", "goroutine", "heap.proto"};
    for (size_t n = 0; n < LG_COUNT(names); n++) {
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        struct lg_str raw,
            gz = lg_golden(&arena, "pprof/1.27.4/%s.pb.gz", names[n]);
        assert_true(lg_gunzip(gz, 1u << 24, &arena, &raw, NULL));
        lg_hostile(raw, 3000, hostile);
        lg_hostile(gz, 500, hostile);
        assert_true(lg_alloc_fail_all(parse_again, &raw) > 0);
        lg_arena_deinit(&arena);
    }
}

/* So many samples that threads share them: of random depth, some with the stack
 * of the one before, some with labels that fall away. */
#define MANY 60000

static uint64_t many_value(size_t i)
{
    return i * 2654435761u % 1000003;
}

static void make_many_sample(struct maker *k, struct lg_rng *rng, size_t i,
                             uint64_t *stack, size_t *depth, uint64_t locations)
{
    uint64_t value = many_value(i);
    if (i % 5 != 4) {
        *depth = lg_rng_below(rng, 40);
        for (size_t d = 0; d < *depth; d++)
            stack[d] = 1 + lg_rng_below(rng, locations);
    }
    pb_packed(&k->m, 1, stack, *depth);
    pb_packed(&k->m, 2, &value, 1);
    pb_varint(&k->inner, 1, S_KEY);
    pb_varint(&k->inner, 3, i % 3); /* 0: none */
    pb_message(&k->m, 3, &k->inner);
    pb_message(&k->out, 2, &k->m);
}

static void make_many(struct maker *k, uint64_t locations, size_t bad)
{
    struct lg_rng rng = {3};
    uint64_t stack[40];
    size_t depth = 0;
    make_type(k);
    make_strings(k);
    make_function(k, 1, S_LEAF);
    for (uint64_t i = 1; i <= locations; i++)
        make_location(k, i, 1);
    for (size_t i = 0; i < MANY; i++)
        if (i >= bad && i % 1000 == 0)
            make_sample(k, 1, locations + 1 + i, 1);
        else
            make_many_sample(k, &rng, i, stack, &depth, locations);
}

static void assert_many(const struct lg_profile *p, uint64_t locations)
{
    struct lg_rng rng = {3};
    uint32_t stack[40];
    size_t depth = 0, label = 0;
    assert_int_equal(p->samples.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        if (i % 5 != 4) {
            depth = lg_rng_below(&rng, 40);
            for (size_t d = 0; d < depth; d++)
                stack[d] = (uint32_t)lg_rng_below(&rng, locations);
        }
        struct lg_profile_stack range = p->samples.items[i];
        assert_int_equal(range.count, depth);
        assert_memory_equal(p->stacks.items + range.first, stack,
                            depth * sizeof *stack);
        assert_int_equal(lg_profile_value(p, i, 0), many_value(i));
        if (i % 3 == 0)
            continue;
        assert_int_equal(p->labels.items[label].sample, i);
        assert_int_equal(p->labels.items[label++].of->num, i % 3);
    }
    assert_int_equal(p->labels.count, label);
}

static void test_many_samples(void **state)
{
    /* ids of one to four bytes, and of more than are looked up fast */
    static const uint64_t locations[] = {100, 3000, 20000};
    for (size_t i = 0; i < LG_COUNT(locations); i++) {
        struct maker k;
        maker_init(&k);
        make_many(&k, locations[i], MANY);
        struct lg_profile p = parse(&k.arena, lg_sb_view(&k.out));
        assert_many(&p, locations[i]);
        lg_arena_deinit(&k.arena);
    }
}

/* Of several bad samples the first is told, whichever thread finds one. */
static void test_first_bad_sample(void **state)
{
    for (size_t bad = 1000; bad < MANY; bad += 17000) {
        struct maker k;
        char words[80];
        maker_init(&k);
        make_many(&k, 3000, bad);
        snprintf(words, sizeof words, "sample %zu: location %zu is not", bad,
                 3001 + bad);
        assert_refused(&k, words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_pprof),
        cmocka_unit_test(test_order_of_fields),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_unpacked_and_unknown),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_many_samples),
        cmocka_unit_test(test_first_bad_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
