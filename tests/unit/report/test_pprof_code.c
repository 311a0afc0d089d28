/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disasm and weblist, of the profile in tests/support/code_sample.h and a
 * machine that has some code for it. That disasm is cmd/pprof's byte for byte
 * is checked with real binaries by tests/conformance/pprof.
 */
#include "report/pprof_disasm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "code_sample.h"
#include "report_check.h"

/* LG_STR is no constant expression. */
#define S(literal)                                                             \
    {                                                                          \
        (literal), sizeof("" literal "") - 1                                   \
    }
#define BIAS 0x100000u /* profile address - file address */

struct made {
    struct lg_profile profile;
    struct lg_aggregation keep;
    struct lg_pprof_machine machine;
    struct lg_regex *regex;
    struct lg_pprof_report report;
    struct lg_sb early;
    bool has_object, has_code, has_frames;
};

static bool object_offset(void *context, const struct lg_profile_mapping *m,
                          uint64_t *offset_ret, struct lg_error *err)
{
    const struct made *made = context;
    if (!made->has_object)
        return lg_fail(err, LG_ABSENT, "open %.*s: no such file or directory",
                       LG_STR_ARG(m->file));
    *offset_ret = BIAS;
    return true;
}

/* main.serve up to 0x30, main.add behind it; one that has no samples. */
static const struct lg_code_symbol symbols[] = {
    {S("main.serve"), 0x301000, 0x30102f},
    {S("main.add"), 0x301030, 0x30103f},
    {S("main.cold"), 0x301f00, 0x301f0f},
};

static bool symbols_of(void *context, struct lg_str file,
                       const struct lg_regex *matches, uint64_t address,
                       struct lg_arena *arena, struct lg_code_symbols *ret,
                       struct lg_error *err)
{
    (void)context, (void)file, (void)address;
    *ret = (struct lg_code_symbols){0};
    for (size_t i = 0; i < LG_COUNT(symbols); i++) {
        if (!lg_regex_match(matches, symbols[i].name))
            continue;
        struct lg_code_symbol *slot = lg_push(arena, ret);
        if (slot == NULL)
            return lg_fail_nomem(err);
        *slot = symbols[i];
    }
    return true;
}

static const struct lg_code_line code[] = {
    {0x301000, S("PUSHQ BP"), {0}, S("/go/cart.go"), 3},
    {0x30100e, S("CALL main.add(SB)"), {0}, S("/go/cart.go"), 5},
    {0x301018, S("NOPL"), {0}, S("/go/cart.go"), 5},
    {0x301020,
     S("LEAQ main.a.very.long.name.of.a.variable(SB), AX"),
     {0},
     S("/go/cart.go"),
     11},
    {0x301028, S("?"), {0}, {0}, 0},
    {0x301030, S("RET"), {0}, {0}, 0},
};

static bool disassemble(void *context, struct lg_str file, uint64_t start,
                        uint64_t limit, bool intel, struct lg_arena *arena,
                        struct lg_code_lines *ret, struct lg_error *err)
{
    const struct made *made = context;
    (void)file;
    if (intel || !made->has_code)
        return lg_fail(err, LG_UNSUPPORTED, "no disassembler");
    *ret = (struct lg_code_lines){0};
    for (size_t i = 0; i < LG_COUNT(code); i++) {
        if (code[i].address < start || code[i].address >= limit)
            continue;
        struct lg_code_line *slot = lg_push(arena, ret);
        if (slot == NULL)
            return lg_fail_nomem(err);
        *slot = code[i];
    }
    return true;
}

/* 0x301020 is main.add inlined into main.serve. */
static size_t frames(void *context, struct lg_str file, uint64_t address,
                     struct lg_code_line *ret, size_t max)
{
    const struct made *made = context;
    (void)file;
    assert_true(max >= 2);
    if (!made->has_frames)
        return 0;
    size_t count = 0;
    if (address >= 0x301030) {
        ret[0] = (struct lg_code_line){.function = LG_STR("main.add"),
                                       .file = LG_STR("shop/cart.go"),
                                       .line = 12};
        return 1;
    }
    if (address >= 0x301020 && address < 0x301028)
        ret[count++] = (struct lg_code_line){.function = LG_STR("main.add"),
                                             .file = LG_STR("shop/cart.go"),
                                             .line = 11};
    ret[count++] = (struct lg_code_line){.function = LG_STR("main.serve"),
                                         .file = LG_STR("./shop/cart.go"),
                                         .line = address >= 0x301028   ? 0
                                                 : address >= 0x30100e ? 5
                                                                       : 3};
    return count;
}

static void make(struct made *m, const char *expression, struct lg_arena *arena)
{
    memset(m, 0, sizeof *m);
    lg_code_profile(&m->profile, arena);
    m->regex = lg_regex_create(lg_str_of(expression), NULL);
    m->has_object = m->has_code = m->has_frames = true;
    m->keep = (struct lg_aggregation){
        .function = true, .filename = true, .line = true, .address = true};
    m->machine = (struct lg_pprof_machine){.context = m,
                                           .working_folder =
                                               LG_STR("/tmp/lastgasp-sources"),
                                           .read_source = lg_code_read,
                                           .object_offset = object_offset,
                                           .symbols = symbols_of,
                                           .disassemble = disassemble,
                                           .frames = frames};
    lg_sb_init(&m->early, arena);
    m->report = lg_code_report(&m->profile, &m->keep, &m->machine, m->regex,
                               expression);
    m->report.format = LG_PPROF_DISASM;
    m->report.title = LG_STR("<shop>");
    m->report.early = &m->early;
}

static void instructions_carry_samples_up_to_the_next(void **state)
{
    (void)state;
    static const char want[] =
        "Total: 3.11MB\n"
        "ROUTINE ======================== main.add\n"
        "    1.50kB     1.50kB (flat, cum) 0.047% of Total\n"
        "    1.50kB     1.50kB     301030: RET                             "
        "        ;main.add cart.go:12\n"
        "ROUTINE ======================== main.serve\n"
        "       3MB     6.01MB (flat, cum) 193.23% of Total\n"
        "         .          .     301000: PUSHQ BP                        "
        "        ;cart.go:3\n"
        "         .        3MB     30100e: CALL main.add(SB)               "
        "        ;main.serve cart.go:5\n"
        "         .          .     301018: NOPL                            "
        "        ;cart.go:5\n"
        "                                                                  "
        "        ;main.serve cart.go:11\n"
        "       3MB     3.01MB     301020: LEAQ main.a.very.long.name.of.a."
        "variable(SB), AX\n"
        "         .          .     301028: ?\n";
    struct lg_arena arena;
    struct made m;
    struct lg_sb out;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    make(&m, "main", &arena);
    lg_sb_init(&out, &arena);
    assert_true(lg_pprof_disasm(&m.report, &out, &err));
    assert_string_equal(lg_sb_cstr_of(&out), want);
    assert_int_equal(m.early.len, 0);
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

struct refusal {
    const char *expression;
    bool has_object, has_code, intel;
    const char *error, *early;
};
static const struct refusal refusals[] = {
    {"nobody", true, true, false, "no matches found for regexp nobody", ""},
    {"cold", true, true, false, "no matches found for regexp cold", ""},
    {"main", false, true, false, "no matches found for regexp main",
     "open /no/such/binary: no such file or directory\n"},
    {"main", true, false, false, "no disassembler", ""},
    {"main", true, true, true, "no disassembler", ""},
    {"0x401010", true, true, false, "no matches found for address 0x401010",
     ""},
    {"0x401010", false, true, false, "no matches found for address 0x401010",
     "open /no/such/binary: no such file or directory\n"},
    {"0x901010", false, true, false, "no matches found for address 0x901010",
     ""},
};

static void what_cannot_be_disassembled_is_said_as_pprof_says_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < LG_COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct lg_arena arena;
        struct made m;
        struct lg_sb out;
        struct lg_error err = {0};
        lg_arena_init(&arena, 0);
        make(&m, r->expression, &arena);
        m.has_object = r->has_object;
        m.has_code = r->has_code;
        m.report.intel_syntax = r->intel;
        lg_sb_init(&out, &arena);
        assert_false(lg_pprof_disasm(&m.report, &out, &err));
        assert_string_equal(err.text, r->error);
        assert_string_equal(lg_sb_cstr_of(&m.early), r->early);
        lg_regex_destroy(m.regex);
        lg_arena_deinit(&arena);
    }
}

/* Go's strconv.ParseUint(s, 0, 64). */
static void addresses_are_read_as_go_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t value;
    } rows[] = {
        {"0", true, 0},
        {"10", true, 10},
        {"0x1F", true, 31},
        {"0X1f", true, 31},
        {"0b101", true, 5},
        {"0o17", true, 15},
        {"017", true, 15},
        {"00", true, 0},
        {"1_000", true, 1000},
        {"0x_1f", true, 31},
        {"0_17", true, 15},
        {"18446744073709551615", true, UINT64_MAX},
        {"", false, 0},
        {"0x", false, 0},
        {"0b2", false, 0},
        {"08", false, 0},
        {"1__0", false, 0},
        {"_1", false, 0},
        {"1_", false, 0},
        {"0x1_", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {"main", false, 0},
        {"18446744073709551616", false, 0},
        {"0x1ffffffffffffffff", false, 0},
        {"1@", false, 0},
        {"0xg", false, 0},
        {"0x`", false, 0},
        {"1:", false, 0},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        uint64_t value = 0;
        bool ok = lg_disasm_address(lg_str_of(rows[i].text), &value);
        if (ok != rows[i].ok || (ok && value != rows[i].value))
            fail_msg("%s: %d %llu", rows[i].text, ok,
                     (unsigned long long)value);
    }
}

static char *page_of(struct made *m, struct lg_arena *arena)
{
    struct lg_sb out;
    struct lg_error err = {0};
    lg_sb_init(&out, arena);
    if (!lg_pprof_weblist(&m->report, &out, &err))
        fail_msg("%s", err.text);
    return lg_sb_cstr_of(&out);
}

static void assert_has(const char *page, const char *part)
{
    if (strstr(page, part) == NULL)
        fail_msg("no %s in\n%s", part, strstr(page, "<td class=\"l\">5<"));
}

static void a_page_has_lines_with_their_code(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    lg_arena_init(&arena, 0);
    make(&m, "main.serve", &arena);
    const char *page = page_of(&m, &arena);
    assert_has(page, "<title>&lt;shop&gt; space</title>");
    assert_has(page, "<h2>main.serve</h2><p class=\"file\">shop/cart.go</p>"
                     "<p class=\"sums\">3MB     6.02MB (flat, cum) 193.28% of "
                     "Total</p>");
    /* The call, and what was inlined, stand below line 5. */
    assert_has(page, "<tr class=\"live\" tabindex=\"0\" "
                     "aria-expanded=\"false\"><td class=\"l\">5</td><td "
                     "class=\"n\">3MB</td><td class=\"n\">6.01MB</td><td>"
                     "                add(1)</td>");
    assert_has(page, "<tr><td class=\"l\">30100e</td><td class=\"n\">.</td>"
                     "<td class=\"n\">3MB</td><td>                    "
                     "CALL main.add(SB)  <i>cart.go:5</i></td>");
    assert_has(page, "<tr class=\"call\"><td></td><td></td><td></td><td>"
                     "                    sum += n // ünï  <i>cart.go:11</i>");
    assert_has(page, "<td>                        LEAQ main.a.very.long");
    /* 0x301028 has no line: it goes with the one before. */
    assert_has(page, "<td class=\"l\">301028</td>");
    assert_null(strstr(page, "unknown line numbers"));
    assert_null(strstr(page, "RET"));
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

/* Neither binary nor disassembler: lines and numbers are there all the same. */
static void a_page_without_code_has_the_lines_of_the_profile(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        struct lg_arena arena;
        struct made m;
        lg_arena_init(&arena, 0);
        make(&m, "add|tail|lost", &arena);
        m.has_object = way == 0;
        m.has_code = false;
        const char *page = page_of(&m, &arena);
        assert_has(page, "<tr class=\"dead\"><td class=\"l\">11</td><td "
                         "class=\"n\">3MB</td><td class=\"n\">3.01MB</td><td>"
                         "        sum += n // ünï</td>");
        assert_has(page, "<tr class=\"dead\"><td class=\"l\">40</td><td "
                         "class=\"n\">512B</td><td class=\"n\">512B</td><td>"
                         "??\?</td>");
        assert_has(page, "<h2>main.lost</h2>");
        assert_null(strstr(page, "<tr class=\"live\""));
        lg_regex_destroy(m.regex);
        lg_arena_deinit(&arena);
    }
}

static void an_address_shows_the_function_around_it(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    lg_arena_init(&arena, 0);
    make(&m, "0x401020", &arena);
    const char *page = page_of(&m, &arena);
    assert_has(page, "<h2>main.serve</h2>");
    assert_null(strstr(page, "<h2>main.lost</h2>"));
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

/* Lines that no file has, at the ends of what a number can be. */
static void absurd_lines_end(void **state)
{
    (void)state;
    static const int64_t lines[] = {INT64_MIN,     -1,       0, 1,
                                    INT64_MAX - 1, INT64_MAX};
    struct lg_arena arena;
    struct made m;
    lg_arena_init(&arena, 0);
    make(&m, "main|runtime", &arena);
    m.has_object = false;
    for (size_t i = 0; i < m.profile.lines.count; i++)
        m.profile.lines.items[i].line = lines[i % LG_COUNT(lines)];
    for (size_t i = 0; i < m.profile.functions.count; i++)
        m.profile.functions.items[i].start_line =
            lines[(i + 3) % LG_COUNT(lines)];
    assert_has(page_of(&m, &arena), "instructions with unknown line numbers");
    struct lg_sb out;
    lg_sb_init(&out, &arena);
    m.keep.inlines = true;
    m.keep.address = false;
    assert_true(lg_pprof_list(&m.report, &out, NULL));
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct made m;
    lg_arena_init(&arena, 0);
    make(&m, "main", &arena);
    assert_true(lg_report_fail_all(lg_pprof_weblist, &m.report) > 10);
    assert_true(lg_report_fail_all(lg_pprof_disasm, &m.report) > 10);
    lg_regex_destroy(m.regex);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_carry_samples_up_to_the_next),
        cmocka_unit_test(what_cannot_be_disassembled_is_said_as_pprof_says_it),
        cmocka_unit_test(addresses_are_read_as_go_reads_them),
        cmocka_unit_test(a_page_has_lines_with_their_code),
        cmocka_unit_test(a_page_without_code_has_the_lines_of_the_profile),
        cmocka_unit_test(an_address_shows_the_function_around_it),
        cmocka_unit_test(absurd_lines_end),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
