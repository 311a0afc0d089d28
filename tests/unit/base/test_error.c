/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "rng.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void says_what_and_where(void **state)
{
    struct lg_error err = {0};
    assert_false(lg_fail(&err, LG_LIMIT, "more than %d samples", 7));
    assert_int_equal(err.kind, LG_LIMIT);
    assert_string_equal(err.text, "more than 7 samples");
    assert_false(lg_fail_at(&err, 131, "field %d is cut", 2));
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_int_equal(err.offset, 131);
    assert_string_equal(err.text, "field 2 is cut at byte 131");
    assert_false(lg_context(&err, "sample %d", 7));
    assert_false(lg_context(&err, "heap.pb.gz"));
    assert_string_equal(err.text,
                        "heap.pb.gz: sample 7: field 2 is cut at byte 131");
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_int_equal(err.offset, 131);
    assert_false(lg_fail_nomem(&err));
    assert_int_equal(err.kind, LG_NOMEM);
    assert_int_equal(err.offset, 0);
    lg_error_clear(&err);
    assert_int_equal(err.kind, LG_OK);
    assert_string_equal(err.text, "");
}

static void errno_gives_the_kind(void **state)
{
    static const struct {
        int sys_errno;
        enum lg_error_kind kind;
    } cases[] = {
        {EACCES, LG_DENIED},
        {EPERM, LG_DENIED},
        {ENOENT, LG_ABSENT},
        {ESRCH, LG_ABSENT},
        {ENODEV, LG_ABSENT},
        {ENOMEM, LG_NOMEM},
        {ENOSYS, LG_UNSUPPORTED},
        {EOPNOTSUPP, LG_UNSUPPORTED},
        {EIO, LG_OS},
        {EAGAIN, LG_OS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lg_error err = {.offset = 9};
        char expected[200];
        assert_false(lg_fail_os(&err, cases[i].sys_errno, "cannot %s", "x"));
        assert_int_equal(err.kind, cases[i].kind);
        assert_int_equal(err.sys_errno, cases[i].sys_errno);
        assert_int_equal(err.offset, 0);
        snprintf(expected, sizeof expected, "cannot x: %s",
                 strerror(cases[i].sys_errno));
        assert_string_equal(err.text, expected);
        lg_context(&err, "outside");
        assert_int_equal(err.sys_errno, cases[i].sys_errno);
    }
}

static void nobody_needs_to_listen(void **state)
{
    assert_false(lg_fail(NULL, LG_OS, "%d", 1));
    assert_false(lg_fail_os(NULL, EIO, "%d", 1));
    assert_false(lg_fail_at(NULL, 1, "%d", 1));
    assert_false(lg_fail_nomem(NULL));
    assert_false(lg_context(NULL, "%d", 1));
    lg_error_clear(NULL);
}

static void arguments_may_be_the_old_text(void **state)
{
    struct lg_error err = {0};
    lg_fail(&err, LG_OS, "inner");
    lg_fail(&err, LG_ABSENT, "<%s>", err.text);
    assert_string_equal(err.text, "<inner>");
    lg_context(&err, "[%s]", err.text);
    assert_string_equal(err.text, "[<inner>]: <inner>");
}

/* Is text the start of `whole`, whole characters only, and as long as it can
 * be? Characters here are "a", "é" and the four bytes of U+1F980. */
static void assert_cut_well(const char *text, const char *whole)
{
    size_t len = strlen(text), whole_len = strlen(whole);
    assert_true(len < LG_ERROR_TEXT_BYTES);
    assert_memory_equal(text, whole, len);
    if (whole_len < LG_ERROR_TEXT_BYTES) {
        assert_int_equal(len, whole_len);
        return;
    }
    assert_true(len >= LG_ERROR_TEXT_BYTES - 4);
    assert_true(((unsigned char)whole[len] & 0xC0) != 0x80);
}

static void long_texts_are_cut_between_characters(void **state)
{
    static const char *const characters[] = {"a", "é", "🦀", "%"};
    struct lg_rng rng = {1};
    for (int round = 0; round < 2000; round++) {
        char inner[600] = "", outer[600] = "", both[1300];
        size_t n = lg_rng_below(&rng, 140), m = lg_rng_below(&rng, 140);
        for (size_t i = 0; i < n; i++)
            strcat(inner, characters[lg_rng_below(&rng, 4)]);
        for (size_t i = 0; i < m; i++)
            strcat(outer, characters[lg_rng_below(&rng, 4)]);
        struct lg_error err = {0};
        lg_fail(&err, LG_OS, "%s", inner);
        assert_cut_well(err.text, inner);
        if (strlen(inner) < LG_ERROR_TEXT_BYTES) {
            lg_context(&err, "%s", outer);
            snprintf(both, sizeof both, "%s: %s", outer, inner);
            assert_cut_well(err.text, both);
        }
    }
}

static void every_kind_has_its_name(void **state)
{
    for (int a = LG_OK; a <= LG_USAGE; a++) {
        const char *name = lg_error_kind_name((enum lg_error_kind)a);
        assert_non_null(name);
        for (int b = LG_OK; b < a; b++)
            assert_string_not_equal(name,
                                    lg_error_kind_name((enum lg_error_kind)b));
    }
    assert_string_equal(lg_error_kind_name(LG_BAD_DATA), "bad data");
    assert_non_null(lg_error_kind_name((enum lg_error_kind)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_and_where),
        cmocka_unit_test(errno_gives_the_kind),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(arguments_may_be_the_old_text),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(every_kind_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
