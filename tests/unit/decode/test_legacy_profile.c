/* SPDX-License-Identifier: Apache-2.0 */
/* The golden texts are what cmd/pprof of Go 1.27.4 prints for
 * `-symbolize=none -raw`, less the line of the duration. */
#include "decode/legacy_profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../support/golden.h"
#include "alloc_fail.h"
#include "base/sb.h"
#include "base/vec.h"

static void print_sample(const struct lg_profile *p, size_t sample,
                         struct lg_sb *sb)
{
    const struct lg_profile_stack *s = &p->samples.items[sample];
    for (size_t v = 0; v < p->types.count; v++)
        lg_sb_fmt(sb, " %10lld",
                  (long long)p->values[sample * p->types.count + v]);
    lg_sb_cstr(sb, ": ");
    for (uint32_t i = 0; i < s->count; i++)
        lg_sb_fmt(sb, "%llu ",
                  (unsigned long long)p->locations
                      .items[p->stacks.items[s->first + i]]
                      .id);
    lg_sb_char(sb, '\n');
    lg_each(label, p->labels)
        if (label->sample == sample)
            lg_sb_fmt(sb, "                %.*s:[%lld]\n",
                      LG_STR_ARG(label->of->key), (long long)label->of->num);
}

static void print_location(const struct lg_profile *p,
                           const struct lg_profile_location *l,
                           struct lg_sb *sb)
{
    lg_sb_fmt(sb, "%6llu: 0x%llx ", (unsigned long long)l->id,
              (unsigned long long)l->address);
    /* pprof puts all that has no mapping into an empty one. */
    if (l->mapping != 0 || p->mappings.count == 0)
        lg_sb_fmt(sb, "M=%u ", l->mapping != 0 ? l->mapping : 1);
    for (uint32_t i = 0; i < l->line_count; i++) {
        const struct lg_profile_line *line = &p->lines.items[l->line_first + i];
        const struct lg_profile_function *f =
            &p->functions.items[line->function];
        lg_sb_fmt(sb, "%.*s %.*s:%lld:0 s=0", LG_STR_ARG(f->name),
                  LG_STR_ARG(f->file), (long long)line->line);
    }
    lg_sb_char(sb, '\n');
}

static void print_head(const struct lg_profile *p, struct lg_sb *sb)
{
    lg_sb_fmt(sb, "PeriodType: %.*s %.*s\nPeriod: %lld\nSamples:\n",
              LG_STR_ARG(p->period_type.type), LG_STR_ARG(p->period_type.unit),
              (long long)p->period);
    lg_each(type, p->types)
        lg_sb_fmt(sb, "%s%.*s/%.*s", type == p->types.items ? "" : " ",
                  LG_STR_ARG(type->type), LG_STR_ARG(type->unit));
    lg_sb_char(sb, '\n');
}

static struct lg_str print_raw(const struct lg_profile *p,
                               struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    print_head(p, &sb);
    for (size_t i = 0; i < p->samples.count; i++)
        print_sample(p, i, &sb);
    lg_sb_cstr(&sb, "Locations\n");
    lg_each(l, p->locations)
        print_location(p, l, &sb);
    lg_sb_cstr(&sb, "Mappings\n");
    lg_each(m, p->mappings)
        lg_sb_fmt(&sb, "%llu: 0x%llx/0x%llx/0x%llx %.*s %.*s \n",
                  (unsigned long long)m->id, (unsigned long long)m->start,
                  (unsigned long long)m->limit, (unsigned long long)m->offset,
                  LG_STR_ARG(m->file), LG_STR_ARG(m->build_id));
    if (p->mappings.count == 0)
        lg_sb_cstr(&sb, "1: 0x0/0x0/0x0   \n");
    return lg_sb_view(&sb);
}

static const char *const names[] = {
    "heap-go",       "heap-v2",   "heap-brief",      "growth",
    "fragmentation", "count",     "thread",          "mutex-go",
    "contention",    "java-heap", "java-contention", "cpu-32le",
    "cpu-32be",      "cpu-64le",  "cpu-64be",        "cpu-java",
};

static struct lg_str read_profile(const char *name, struct lg_arena *arena)
{
    char path[4096];
    struct lg_str bytes;
    struct lg_error err = {0};
    snprintf(path, sizeof path, "%s/golden/pprof-legacy/%s.profile",
             getenv("LG_TESTS"), name);
    if (!lg_read_file(AT_FDCWD, path, 1 << 20, arena, &bytes, &err))
        fail_msg("%s", err.text);
    return bytes;
}

static void all_forms_read_as_pprof_does(void **state)
{
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_error err = {0};
        char golden[100];
        lg_arena_init(&arena, 0);
        if (!lg_legacy_profile_parse(read_profile(names[i], &arena), &arena, &p,
                                     &err))
            fail_msg("%s: %s", names[i], err.text);
        snprintf(golden, sizeof golden, "pprof-legacy/%s.raw", names[i]);
        lg_golden_check(golden, print_raw(&p, &arena));
        lg_arena_deinit(&arena);
    }
}

static bool parse(struct lg_str text, struct lg_profile *ret,
                  struct lg_arena *arena, struct lg_error *err)
{
    return lg_legacy_profile_parse(text, arena, ret, err);
}

static void frames_of_the_profiler_are_named_by_kind(void **state)
{
    static const struct {
        const char *name, *drop, *keep;
    } cases[] = {
        {"heap-go", "calloc|cfree|", "runtime\\.panic|"},
        {"mutex-go", "RecordLockProfileData|", ""},
        {"count", "ProfileData::Add|", ""},
        {"java-heap", "calloc|cfree|", "runtime\\.panic|"},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_arena arena;
        struct lg_profile p;
        lg_arena_init(&arena, 0);
        assert_true(
            parse(read_profile(cases[i].name, &arena), &p, &arena, NULL));
        assert_true(lg_str_starts(p.drop_frames, lg_str_of(cases[i].drop)));
        assert_true(lg_str_starts(p.keep_frames, lg_str_of(cases[i].keep)));
        assert_int_equal(p.keep_frames.len != 0, cases[i].keep[0] != '\0');
        lg_arena_deinit(&arena);
    }
}

static void what_is_wrong_is_said_in_pprofs_words(void **state)
{
    static const struct {
        const char *text, *words;
        enum lg_error_kind kind;
    } cases[] = {
        {"", "unrecognized profile format", LG_UNSUPPORTED},
        {"hello\nworld\n", "unrecognized profile format", LG_UNSUPPORTED},
        {"x profile: total 1\n1 @ zero\n", "malformed profile format",
         LG_BAD_DATA},
        {"x profile: total 1\n09 @ 0x1\n", "malformed profile format",
         LG_BAD_DATA},
        {"x profile: total 1\n1 @ 0x12345678901234567\n",
         "malformed profile format", LG_BAD_DATA},
        {"heap profile: 1: 2 [1: 2] @ heap/8\n0: 5 [0: 5] @ 0x1\n",
         "inuse count was 0 but inuse bytes was 5", LG_BAD_DATA},
        {"heap profile: 1: 2 [1: 2] @ heap/8\nrubbish\n",
         "unexpected number of sample values: got 0, want 6", LG_BAD_DATA},
        {"--- mutex:\n1 @ 0x1\n", "unrecognized profile format",
         LG_UNSUPPORTED},
        {"--- heapz 1 ---\nformat = java\n1 1 @ 0x1\n",
         "missing sample type information", LG_BAD_DATA},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        assert_false(parse(lg_str_of(cases[i].text), &p, &arena, &err));
        assert_string_equal(err.text, cases[i].words);
        assert_int_equal(err.kind, cases[i].kind);
        lg_arena_deinit(&arena);
    }
}

/* bufio.Scanner's buffer holds 64 KiB. */
static void a_line_has_an_end(void **state)
{
    static char text[70000];
    for (size_t extra = 0; extra < 2; extra++) {
        struct lg_arena arena;
        struct lg_profile p;
        struct lg_error err = {0};
        int head =
            snprintf(text, sizeof text, "x profile: total 1\n1 @ 0x1\n#");
        memset(text + head, 'c', 65534 + extra);
        text[(size_t)head + 65534 + extra] = '\n';
        size_t len = (size_t)head + 65534 + extra + 1;
        lg_arena_init(&arena, 0);
        bool ok = parse(lg_str_from(text, len), &p, &arena, &err);
        assert_int_equal(ok, extra == 0);
        if (!ok)
            assert_string_equal(err.text, "bufio.Scanner: token too long");
        lg_arena_deinit(&arena);
    }
}

/* $a doubles with each line; pprof would end the machine's memory. */
static void names_in_the_map_cannot_blow_up(void **state)
{
    struct lg_arena arena;
    struct lg_profile p;
    struct lg_error err = {0};
    struct lg_sb sb;
    lg_arena_init(&arena, 0);
    lg_sb_init(&sb, &arena);
    lg_sb_cstr(&sb,
               "x profile: total 1\n1 @ 0x1\n--- Memory map: ---\nv00 = ee\n");
    for (int i = 1; i < 60; i++)
        lg_sb_fmt(&sb, "v%02d = $v%02d $v%02d\n", i, i - 1, i - 1);
    assert_false(parse(lg_sb_view(&sb), &p, &arena, &err));
    assert_int_equal(err.kind, LG_LIMIT);
    lg_arena_deinit(&arena);
}

static bool parse_again(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_profile p;
    return parse(*(const struct lg_str *)context, &p, arena, err);
}

static void no_memory_is_an_error_like_others(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        struct lg_str bytes = read_profile(names[i], &arena);
        assert_true(lg_alloc_fail_all(parse_again, &bytes) > 0);
    }
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_read_as_pprof_does),
        cmocka_unit_test(frames_of_the_profiler_are_named_by_kind),
        cmocka_unit_test(what_is_wrong_is_said_in_pprofs_words),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(names_in_the_map_cannot_blow_up),
        cmocka_unit_test(no_memory_is_an_error_like_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
