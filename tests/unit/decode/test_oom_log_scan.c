/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_scan.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = {" invoked oom-killer: gfp_mask=0",
                                    "oom-kill:constraint=CONSTRAINT",
                                    "oom_reaper: reaped process 7",
                                    "due to memory.oom.group set",
                                    "Kill process 7 (x)",
                                    "Killed process 7 (x)",
                                    "room-kit",
                                    "om-killer: gfp",
                                    "Killed processes",
                                    "Kill  process ",
                                    "oom-killer: disabled",
                                    "oom_reaped",
                                    "\n",
                                    "zoom.group setting",
                                    "KKill process 1 (",
                                    "ooom_reaper: reaped process "};

/* Random text with words, halves of words and look-alikes in it. */
static size_t any_text(struct lg_rng *rng, char *out, size_t len)
{
    size_t at = 0;
    while (at < len) {
        if (lg_rng_below(rng, 3) == 0) {
            const char *word =
                words[lg_rng_below(rng, sizeof words / sizeof words[0])];
            size_t n = strlen(word);
            if (lg_rng_below(rng, 4) == 0)
                n = lg_rng_below(rng, n + 1);
            n = n < len - at ? n : len - at;
            memcpy(out + at, word, n);
            at += n;
        } else {
            size_t n = 1 + lg_rng_below(rng, 40);
            n = n < len - at ? n : len - at;
            lg_rng_text(rng, "oomKild-_. kr", 13, out + at, n);
            at += n;
        }
    }
    return at;
}

static void finds_what_the_plain_loop_finds(void **state)
{
    struct lg_rng rng = {1};
    size_t found = 0;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        size_t len = lg_rng_below(&rng, 400);
        /* Of exactly this size, so that reading behind it is seen. */
        char *text = malloc(len + 1);
        any_text(&rng, text, len);
        char *exact = malloc(len != 0 ? len : 1);
        memcpy(exact, text, len);
        struct lg_str bytes = {exact, len};
        for (size_t from = 0;;) {
            size_t a = lg_oom_scan(bytes, from);
            assert_int_equal(a, lg_oom_scan_plain(bytes, from));
#if defined(__x86_64__)
            assert_int_equal(a, lg_oom_scan_sse2(bytes, from));
#endif
            if (a == len)
                break;
            found++;
            from = a + 1;
        }
        free(exact);
        free(text);
    }
    assert_true(found > 1000);
}

static void finds_each_word_at_each_place(void **state)
{
    char text[200];
    (void)state;
    for (size_t w = 0; w < 6; w++) {
        for (size_t at = 0; at < 120; at++) {
            memset(text, 'x', sizeof text);
            memcpy(text + at, words[w], strlen(words[w]));
            size_t hit = lg_oom_scan(lg_str_from(text, sizeof text), 0);
            assert_true(hit >= at && hit < at + strlen(words[w]));
        }
    }
    for (size_t w = 6; w < 13; w++)
        assert_int_equal(lg_oom_scan(lg_str_of(words[w]), 0), strlen(words[w]));
    assert_int_equal(lg_oom_scan((struct lg_str){0}, 0), 0);
}

static void counts_newlines(void **state)
{
    struct lg_rng rng = {2};
    static char text[50000];
    (void)state;
    for (int i = 0; i < 100; i++) {
        size_t len = lg_rng_below(&rng, sizeof text), wanted = 0;
        lg_rng_text(&rng, "a\n", 2, text, len);
        for (size_t at = 0; at < len; at++)
            wanted += text[at] == '\n';
        assert_int_equal(lg_oom_count_newlines(lg_str_from(text, len)), wanted);
    }
    memset(text, '\n', sizeof text); /* more than a byte counts */
    assert_int_equal(lg_oom_count_newlines(lg_str_from(text, sizeof text)),
                     sizeof text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_plain_loop_finds),
        cmocka_unit_test(finds_each_word_at_each_place),
        cmocka_unit_test(counts_newlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
