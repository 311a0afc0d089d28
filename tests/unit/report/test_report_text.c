/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/lines.h"
#include "golden.h"
#include "random_incident.h"
#include "report/clean.h"

static struct lg_str render(const struct sample *s, struct lg_arena *arena,
                            int columns, bool color)
{
    struct lg_sb sb;
    struct lg_text_options options = {color, columns};
    lg_sb_init(&sb, arena);
    lg_report_text(&s->report, &options, &sb);
    lg_report_text_details(&s->report, &options, &sb);
    assert_false(sb.failed);
    return lg_sb_view(&sb);
}

/* Nothing but printable UTF-8 and newlines: it is its own cleaned form. */
static void assert_harmless(struct lg_str text)
{
    char room[LG_CLEAN_BYTES];
    while (text.len != 0) {
        if (text.data[0] == '\n') {
            text = lg_str_skip(text, 1);
            continue;
        }
        struct lg_str shown = lg_clean_next(&text, room);
        if (shown.data == room)
            fail_msg("not harmless: %.*s before %.*s", LG_STR_ARG(shown),
                     LG_STR_ARG(lg_str_first(text, 40)));
    }
}

/* Takes out the escapes that ink is made of, and only those. */
static struct lg_str without_ink(struct lg_str text, struct lg_arena *arena)
{
    static const char *const inks[] = {"\033[0m",  "\033[1m",    "\033[2m",
                                       "\033[32m", "\033[1;31m", "\033[36m"};
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    while (text.len != 0) {
        size_t skip = 0;
        for (size_t i = 0; i < LG_COUNT(inks); i++)
            if (lg_str_starts(text, lg_str_of(inks[i])))
                skip = strlen(inks[i]);
        if (skip == 0)
            lg_sb_char(&sb, text.data[0]);
        text = lg_str_skip(text, skip != 0 ? skip : 1);
    }
    return lg_sb_view(&sb);
}

static void check_ink(const struct sample *s, struct lg_arena *arena)
{
    static const int widths[] = {0, 1, 40, 80, 120};
    for (size_t i = 0; i < LG_COUNT(widths); i++) {
        struct lg_str plain = render(s, arena, widths[i], false);
        struct lg_str colored = render(s, arena, widths[i], true);
        assert_harmless(plain);
        assert_true(lg_str_eq(plain, without_ink(colored, arena)));
    }
}

static void samples_are_as_read(void **state)
{
    for (size_t i = 0; i < LG_COUNT(samples); i++) {
        struct lg_arena arena;
        struct sample s;
        char name[64];
        lg_arena_init(&arena, 0);
        samples[i].build(&arena, &s);
        check_ink(&s, &arena);
        snprintf(name, sizeof name, "report/%s.txt", samples[i].name);
        lg_golden_check(name, render(&s, &arena, 0, false));
        snprintf(name, sizeof name, "report/%s.60.txt", samples[i].name);
        lg_golden_check(name, render(&s, &arena, 60, false));
        lg_arena_deinit(&arena);
    }
}

static void random_ones_are_harmless(void **state)
{
    struct lg_rng rng = {4711};
    for (int i = 0; i < 400; i++) {
        struct lg_arena arena;
        struct sample s;
        lg_arena_init(&arena, 0);
        random_incident(&rng, &arena, &s);
        check_ink(&s, &arena);
        lg_arena_deinit(&arena);
    }
}

/* Between words and nowhere else: the words of every width are the same, and a
 * line is too long only where one word with its label is. */
static void wraps_between_words(void **state)
{
    struct lg_arena arena;
    struct sample s;
    lg_arena_init(&arena, 0);
    sample_timing_wheel(&arena, &s);
    s.in.end.has_oom = false; /* the kernel's lines are never wrapped */
    s.report.where_source = LG_STR("");
    struct lg_str wide = render(&s, &arena, 0, false);
    for (int columns = 20; columns < 130; columns++) {
        struct lg_str text = render(&s, &arena, columns, false);
        struct lg_str a = wide, b = text, word_a, word_b, rest = text, line;
        while (lg_str_word(&a, &word_a)) {
            assert_true(lg_str_word(&b, &word_b));
            assert_true(lg_str_eq(word_a, word_b));
        }
        assert_false(lg_str_word(&b, &word_b));
        while (columns >= 70 && lg_lines_next(&rest, &line))
            if (lg_clean_width(line) > (size_t)columns)
                fail_msg("%d: %.*s", columns, LG_STR_ARG(line));
    }
    lg_arena_deinit(&arena);
}

static bool render_in(void *context, struct lg_arena *arena,
                      struct lg_error *err)
{
    struct lg_sb sb;
    struct lg_text_options options = {true, 80};
    lg_sb_init(&sb, arena);
    lg_report_text(context, &options, &sb);
    lg_report_text_details(context, &options, &sb);
    return !sb.failed || lg_fail_nomem(err);
}

static void memory_may_run_out(void **state)
{
    struct lg_arena arena;
    struct sample s;
    lg_arena_init(&arena, 0);
    sample_hostile(&arena, &s);
    assert_true(lg_alloc_fail_all(render_in, &s.report) > 10);
    lg_arena_deinit(&arena);
}

static void cleans(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain \u00fc \u4e2d \U0001f600", "plain \u00fc \u4e2d \U0001f600"},
        {"\033[2J", "\\x1b[2J"},
        {"a\nb\tc\rd\x7f", "a\\nb\\tc\\rd\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\x9b31m"},
        {"\u202eevil\u2066", "\\u202eevil\\u2066"},
        {"\xff\xc3(\xed\xa0\x80", "\\xff\\xc3(\\xed\\xa0\\x80"},
        {"\xc0\xaf\xe2\x82", "\\xc0\\xaf\\xe2\\x82"},
    };
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_sb sb;
        lg_sb_init(&sb, &arena);
        lg_clean(lg_str_of(rows[i].in), &sb);
        assert_string_equal(lg_sb_cstr_of(&sb), rows[i].out);
    }
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_as_read),
        cmocka_unit_test(random_ones_are_harmless),
        cmocka_unit_test(wraps_between_words),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(cleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
