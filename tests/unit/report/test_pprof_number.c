/* SPDX-License-Identifier: Apache-2.0 */
/* The tables are what Go 1.27.4's strconv and fmt say. */
#include "report/pprof_number.h"

#include "base/vec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    int base;
    enum lg_go_number fault;
    int64_t value;
} ints[] = {
    {"0", 10, LG_GO_OK, 0},
    {"0", 0, LG_GO_OK, 0},
    {"7", 10, LG_GO_OK, 7},
    {"7", 0, LG_GO_OK, 7},
    {"-7", 10, LG_GO_OK, -7},
    {"-7", 0, LG_GO_OK, -7},
    {"+7", 10, LG_GO_OK, 7},
    {"+7", 0, LG_GO_OK, 7},
    {"017", 10, LG_GO_OK, 17},
    {"017", 0, LG_GO_OK, 15},
    {"0x1F", 10, LG_GO_SYNTAX, 0},
    {"0x1F", 0, LG_GO_OK, 31},
    {"0X_1f", 10, LG_GO_SYNTAX, 0},
    {"0X_1f", 0, LG_GO_OK, 31},
    {"0b101", 10, LG_GO_SYNTAX, 0},
    {"0b101", 0, LG_GO_OK, 5},
    {"0o17", 10, LG_GO_SYNTAX, 0},
    {"0o17", 0, LG_GO_OK, 15},
    {"1_000", 10, LG_GO_SYNTAX, 0},
    {"1_000", 0, LG_GO_OK, 1000},
    {"1__0", 10, LG_GO_SYNTAX, 0},
    {"1__0", 0, LG_GO_SYNTAX, 0},
    {"_1", 10, LG_GO_SYNTAX, 0},
    {"_1", 0, LG_GO_SYNTAX, 0},
    {"1_", 10, LG_GO_SYNTAX, 0},
    {"1_", 0, LG_GO_SYNTAX, 0},
    {"0_7", 10, LG_GO_SYNTAX, 0},
    {"0_7", 0, LG_GO_OK, 7},
    {"0x", 10, LG_GO_SYNTAX, 0},
    {"0x", 0, LG_GO_SYNTAX, 0},
    {"0b", 10, LG_GO_SYNTAX, 0},
    {"0b", 0, LG_GO_SYNTAX, 0},
    {"0b2", 10, LG_GO_SYNTAX, 0},
    {"0b2", 0, LG_GO_SYNTAX, 0},
    {"08", 10, LG_GO_OK, 8},
    {"08", 0, LG_GO_SYNTAX, 0},
    {"", 10, LG_GO_SYNTAX, 0},
    {"", 0, LG_GO_SYNTAX, 0},
    {"+", 10, LG_GO_SYNTAX, 0},
    {"+", 0, LG_GO_SYNTAX, 0},
    {"-", 10, LG_GO_SYNTAX, 0},
    {"-", 0, LG_GO_SYNTAX, 0},
    {"--1", 10, LG_GO_SYNTAX, 0},
    {"--1", 0, LG_GO_SYNTAX, 0},
    {"9223372036854775807", 10, LG_GO_OK, 9223372036854775807},
    {"9223372036854775807", 0, LG_GO_OK, 9223372036854775807},
    {"9223372036854775808", 10, LG_GO_RANGE, 9223372036854775807},
    {"9223372036854775808", 0, LG_GO_RANGE, 9223372036854775807},
    {"-9223372036854775808", 10, LG_GO_OK, INT64_MIN},
    {"-9223372036854775808", 0, LG_GO_OK, INT64_MIN},
    {"-9223372036854775809", 10, LG_GO_RANGE, INT64_MIN},
    {"-9223372036854775809", 0, LG_GO_RANGE, INT64_MIN},
    {"99999999999999999999", 10, LG_GO_RANGE, 9223372036854775807},
    {"99999999999999999999", 0, LG_GO_RANGE, 9223372036854775807},
    {"1.0", 10, LG_GO_SYNTAX, 0},
    {"1.0", 0, LG_GO_SYNTAX, 0},
    {"1e3", 10, LG_GO_SYNTAX, 0},
    {"1e3", 0, LG_GO_SYNTAX, 0},
    {" 1", 10, LG_GO_SYNTAX, 0},
    {" 1", 0, LG_GO_SYNTAX, 0},
    {"0x_", 10, LG_GO_SYNTAX, 0},
    {"0x_", 0, LG_GO_SYNTAX, 0},
    {"0_x1", 10, LG_GO_SYNTAX, 0},
    {"0_x1", 0, LG_GO_SYNTAX, 0},
};

static const struct {
    const char *text;
    enum lg_go_number fault;
    const char *value;
} floats[] = {
    {"1", LG_GO_OK, "1"},           {"-1.5", LG_GO_OK, "-1.5"},
    {"+.5", LG_GO_OK, "0.5"},       {"5.", LG_GO_OK, "5"},
    {"1e3", LG_GO_OK, "1000"},      {"1E-3", LG_GO_OK, "0.001"},
    {"1e", LG_GO_SYNTAX, "0"},      {"e1", LG_GO_SYNTAX, "0"},
    {".", LG_GO_SYNTAX, "0"},       {"0x1p-2", LG_GO_OK, "0.25"},
    {"0x1.8P1", LG_GO_OK, "3"},     {"0x1", LG_GO_SYNTAX, "0"},
    {"0x.8p0", LG_GO_OK, "0.5"},    {"1_0.5", LG_GO_OK, "10.5"},
    {"1__0", LG_GO_SYNTAX, "0"},    {"_1", LG_GO_SYNTAX, "0"},
    {"1_", LG_GO_SYNTAX, "0"},      {"1_e3", LG_GO_SYNTAX, "0"},
    {"1e1_0", LG_GO_OK, "1e+10"},   {"inf", LG_GO_OK, "+Inf"},
    {"-Inf", LG_GO_OK, "-Inf"},     {"+INFINITY", LG_GO_OK, "+Inf"},
    {"infin", LG_GO_SYNTAX, "0"},   {"nan", LG_GO_OK, "NaN"},
    {"NaN", LG_GO_OK, "NaN"},       {"+nan", LG_GO_SYNTAX, "0"},
    {"1e400", LG_GO_RANGE, "+Inf"}, {"-1e400", LG_GO_RANGE, "-Inf"},
    {"1e-400", LG_GO_OK, "0"},      {"0.1", LG_GO_OK, "0.1"},
    {" 1", LG_GO_SYNTAX, "0"},      {"1f", LG_GO_SYNTAX, "0"},
    {"0x_1p0", LG_GO_OK, "1"},      {"1.2.3", LG_GO_SYNTAX, "0"},
    {"+-1", LG_GO_SYNTAX, "0"},
};

static const struct {
    double value;
    const char *text;
} shown[] = {
    {0.0050000000000000001, "0.005"},
    {1, "1"},
    {-1, "-1"},
    {1000000, "1e+06"},
    {999999, "999999"},
    {100000, "100000"},
    {1234567, "1.234567e+06"},
    {123456789, "1.23456789e+08"},
    {1e+20, "1e+20"},
    {1e+21, "1e+21"},
    {0.0001, "0.0001"},
    {1.0000000000000001e-05, "1e-05"},
    {0.33333333333333331, "0.3333333333333333"},
    {4.9406564584124654e-324, "5e-324"},
    {1.7976931348623157e+308, "1.7976931348623157e+308"},
    {123456.75, "123456.75"},
    {0.10000000000000001, "0.1"},
    {100000, "100000"},
    {2.4999999999999999e-07, "2.5e-07"},
    {12345.678, "12345.678"},
};

static void integers_are_read(void **state)
{
    for (size_t i = 0; i < LG_COUNT(ints); i++) {
        int64_t n = 0;
        enum lg_go_number fault =
            lg_go_parse_int(lg_str_of(ints[i].text), ints[i].base, 64, &n);
        if (fault != ints[i].fault ||
            (fault != LG_GO_SYNTAX && n != ints[i].value))
            fail_msg("%s: %d, %lld", ints[i].text, (int)fault, (long long)n);
    }
    int64_t n = 0;
    assert_int_equal(lg_go_parse_int(LG_STR("2147483648"), 10, 32, &n),
                     LG_GO_RANGE);
    assert_int_equal(n, INT32_MAX);
    assert_int_equal(lg_go_parse_int(LG_STR("-2147483648"), 10, 32, &n),
                     LG_GO_OK);
    assert_int_equal(n, INT32_MIN);
}

static void floats_are_read(void **state)
{
    for (size_t i = 0; i < LG_COUNT(floats); i++) {
        double f = 0;
        char text[LG_GO_FLOAT_BYTES];
        enum lg_go_number fault =
            lg_go_parse_float(lg_str_of(floats[i].text), &f);
        (void)lg_go_float_text(f, text);
        if (fault != floats[i].fault ||
            (fault != LG_GO_SYNTAX && strcmp(text, floats[i].value) != 0))
            fail_msg("%s: %d, %s", floats[i].text, (int)fault, text);
    }
    char many[3000];
    double f;
    memset(many, '9', sizeof many);
    many[1] = '.';
    assert_int_equal(lg_go_parse_float(lg_str_from(many, sizeof many), &f),
                     LG_GO_OK);
    assert_true(f == 10);
}

static void floats_are_shown(void **state)
{
    for (size_t i = 0; i < LG_COUNT(shown); i++) {
        char text[LG_GO_FLOAT_BYTES];
        size_t len = lg_go_float_text(shown[i].value, text);
        assert_string_equal(text, shown[i].text);
        assert_int_equal(len, strlen(text));
    }
}

static void words_are_booleans(void **state)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"},
                             *const no[] = {"0",     "f",     "F",
                                            "false", "FALSE", "False"},
                             *const none[] = {"", "yes", "tRUE", "2", "true "};
    bool b = false;
    for (size_t i = 0; i < LG_COUNT(yes); i++)
        assert_true(lg_go_parse_bool(lg_str_of(yes[i]), &b) && b);
    for (size_t i = 0; i < LG_COUNT(no); i++)
        assert_true(lg_go_parse_bool(lg_str_of(no[i]), &b) && !b);
    for (size_t i = 0; i < LG_COUNT(none); i++)
        assert_false(lg_go_parse_bool(lg_str_of(none[i]), &b));
}

static void texts_are_quoted(void **state)
{
    char text[100];
    static const char raw[] =
        "a\0\x7f\xc2\xa0\xc2\xad\xc2\x85\xc3\xa9\xff\"\\\n";
    lg_go_quote(lg_str_from(raw, sizeof raw - 1), text, sizeof text);
    assert_string_equal(text, "\"a\\x00\\x7f\\u00a0\\u00ad\\u0085\xc3\xa9"
                              "\\xff\\\"\\\\\\n\"");
    lg_go_quote(LG_STR("abcdef"), text, 6);
    assert_string_equal(text, "\"abc\"");
    lg_go_quote(LG_STR("abcdef"), text, 2);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read),
        cmocka_unit_test(floats_are_read),
        cmocka_unit_test(floats_are_shown),
        cmocka_unit_test(words_are_booleans),
        cmocka_unit_test(texts_are_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
