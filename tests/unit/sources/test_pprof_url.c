/* SPDX-License-Identifier: Apache-2.0 */
/* What a word on pprof's command line is fetched from. The expected URLs are
 * those that cmd/pprof of Go 1.27.4 says it fetches. */
#include "sources/pprof_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/vec.h"

#define S 1000000000ULL

static const struct {
    const char *word;
    int64_t seconds, timeout;
    const char *url; /* NULL: no URL */
    uint64_t timeout_ns;
} words[] = {
    {"localhost:6060", -1, -1, "http://localhost:6060/debug/pprof/profile",
     65 * S},
    {"localhost:6060/", -1, -1, "http://localhost:6060/debug/pprof/profile",
     65 * S},
    {"http://h", 5, -1, "http://h/debug/pprof/profile?seconds=5", 12500000000},
    {"http://h/x?seconds=9&a=b", 5, -1, "http://h/x?a=b&seconds=5",
     12500000000},
    {"http://h/x?seconds=10", -1, -1, "http://h/x?seconds=10", 20 * S},
    {"http://h/x?seconds=10", -1, 3, "http://h/x?seconds=10", 8 * S},
    {"http://h/x?b=2&a=1&b=1", -1, -1, "http://h/x?a=1&b=2&b=1", 65 * S},
    {"http://h/x?q=a%20b+c&y=%C3%A9", -1, -1, "http://h/x?q=a+b+c&y=%C3%A9",
     65 * S},
    {"http://h/x?a;b=1&c=%zz&d", -1, -1, "http://h/x?d=", 65 * S},
    {"https+insecure://h:1/x", -1, -1, "https+insecure://h:1/x", 65 * S},
    {"http://u:p@h/x", -1, -1, "http://u:p@h/x", 65 * S},
    {"http://[::1]:80/x", -1, -1, "http://[::1]:80/x", 65 * S},
    {"host:80/a/b", -1, -1, "http://host:80/a/b", 65 * S},
    {"mem_03:55", -1, -1, "http://mem_03:55/debug/pprof/profile", 65 * S},
    {"unix:/run/x.sock", -1, -1, "unix:/run/x.sock:/debug/pprof/profile",
     65 * S},
    {"unix:/run/x.sock:/debug/pprof/heap?gc=1", -1, -1,
     "unix:/run/x.sock:/debug/pprof/heap?gc=1", 65 * S},
    {"heap.pb.gz", -1, -1, NULL, 0},
    {"last", -1, -1, NULL, 0},
    {"4711", -1, -1, NULL, 0},
    {"/tmp/heap.pb.gz", -1, -1, NULL, 0},
    {"./a/b:c", -1, -1, NULL, 0},
    {"mem_2023-11-02_03:55:24", -1, -1, NULL, 0},
    {"file:///tmp/x", -1, -1, NULL, 0},
    {"http://a[b/x", -1, -1, "http://http://a[b/x", 65 * S},
    {"http:///x", -1, -1, "http://http:///x", 65 * S},
    {"http://a b/x", -1, -1, "http://http://a%20b/x", 65 * S},
    {"http://h:x/", -1, -1, "http://http://h:x/", 65 * S},
    {"http://h/\"<>|^\xc3\xa9", -1, -1, "http://h/%22%3C%3E%7C%5E%C3%A9",
     65 * S},
    {"http://h/%zz", -1, -1, NULL, 0},
    {"http://h/\x01", -1, -1, NULL, 0},
    {"", -1, -1, NULL, 0},
    {":", -1, -1, "http://:/debug/pprof/profile", 65 * S},
    {"a:b:1", -1, -1, NULL, 0},
};

static void words_become_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < LG_COUNT(words); i++) {
        struct lg_arena arena;
        struct lg_pprof_url url;
        lg_arena_init(&arena, 0);
        bool is_url =
            lg_pprof_url_parse(lg_str_of(words[i].word), words[i].seconds,
                               words[i].timeout, &arena, &url);
        if (is_url != (words[i].url != NULL))
            fail_msg("%s: %s", words[i].word, is_url ? url.url : "no URL");
        if (is_url) {
            assert_string_equal(url.url, words[i].url);
            assert_int_equal(url.timeout_ns, words[i].timeout_ns);
        }
        lg_arena_deinit(&arena);
    }
}

static void what_is_asked_for(void **state)
{
    struct lg_arena arena;
    struct lg_pprof_url url;
    (void)state;
    lg_arena_init(&arena, 0);
    assert_true(lg_pprof_url_parse(LG_STR("https+insecure://h/x?b=1&a=2"), 7,
                                   -1, &arena, &url));
    assert_true(url.is_insecure);
    assert_string_equal(url.http, "https://h/x?a=2&b=1&seconds=7");
    assert_null(url.unix_path);
    assert_true(
        lg_pprof_url_parse(LG_STR("unix:/a:/b?c=d"), -1, -1, &arena, &url));
    assert_string_equal(url.http, "http://localhost/b?c=d");
    assert_string_equal(url.unix_path, "/a");
    lg_arena_deinit(&arena);
}

/* Whatever stands there, and however little memory is left. */
static void any_bytes(void **state)
{
    char text[12];
    static const char letters[] = "ab:/?#[]@%&=;.+ \x7f\x01";
    uint64_t seed = 1;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct lg_arena arena;
        struct lg_pprof_url url;
        for (size_t k = 0; k < sizeof text; k++) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            text[k] = letters[(seed >> 33) % (sizeof letters - 1)];
        }
        lg_arena_init(&arena, (seed >> 40) % 4096);
        if (lg_pprof_url_parse(lg_str_from(text, (seed >> 20) % 13), 3, -1,
                               &arena, &url))
            assert_non_null(strstr(url.url, ":/"));
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_urls),
        cmocka_unit_test(what_is_asked_for),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
