/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/io.h"
#include "http_server.h"
#include "tmpdir.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define SECOND UINT64_C(1000000000)
#define PLENTY (UINT64_C(1) << 30)

/* One request for one part against a server that answers with `answer`. */
struct outcome {
    bool whole;
    struct lg_part_result result;
    char file[4096]; /* what is in the folder under the part's name */
    size_t file_len;
    bool other_files;
};

static struct outcome look(const char *folder, enum lg_capture_part part,
                           struct outcome o)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    const char *name = lg_capture_part_file(part);
    struct lg_error err = {0};
    o.file_len = 0;
    bool there = faccessat(fd, name, F_OK, 0) == 0;
    if (there)
        assert_true(
            lg_read_small(fd, name, o.file, sizeof o.file, &o.file_len, &err));
    assert_int_equal(there, o.result.written);
    char temporary[64];
    snprintf(temporary, sizeof temporary, "%s.part", name);
    o.other_files = faccessat(fd, temporary, F_OK, 0) == 0;
    close(fd);
    return o;
}

static struct outcome take_from(struct lg_http_server *server,
                                const char *folder, enum lg_capture_part part,
                                uint64_t timeout_ns, uint64_t limit_bytes)
{
    struct lg_capture_source *source;
    struct lg_error err = {0};
    struct outcome o = {0};
    lg_http_server_start(server);
    assert_true(lg_pprof_http_create(server->url, &source, &err));
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    o.whole =
        source->ops->take(source, part, fd, timeout_ns, limit_bytes, &o.result);
    close(fd);
    source->ops->destroy(source);
    lg_http_server_stop(server);
    assert_true(o.result.asked && o.result.duration_ns > 0);
    assert_int_equal(o.whole, o.result.error.kind == LG_OK);
    return look(folder, part, o);
}

static struct outcome take(const char *folder, enum lg_capture_part part,
                           const char *answer, size_t answer_len)
{
    struct lg_http_server server = {.answer = answer, .answer_len = answer_len};
    return take_from(&server, folder, part, 60 * SECOND, PLENTY);
}

#define TAKE(folder, part, answer)                                             \
    take((folder), (part), (answer), sizeof(answer) - 1)

static bool says(const struct outcome *o, const char *what)
{
    bool found = strstr(o->result.error.text, what) != NULL;
    if (!found)
        print_error("said: %s\n", o->result.error.text);
    return found;
}

static void takes_a_profile(void **state)
{
    struct outcome o = TAKE(*state, LG_TAKE_HEAP,
                            OK "Content-Length: 6\r\n\r\n\x1f\x8b\x08zip");
    assert_true(o.whole && o.result.written && !o.result.cut);
    assert_int_equal(o.result.bytes, 6);
    assert_memory_equal(o.file, "\x1f\x8b\x08zip", 6);
    assert_false(o.other_files);
}

static void asks_as_go_serves(void **state)
{
    static const char *const paths[LG_TAKE_COUNT] = {
        "heap",
        "goroutine",
        "heap?debug=1",
        "goroutine?debug=2",
        "threadcreate",
        "mutex",
        "block",
        "profile?seconds=1",
        "trace?seconds=0.1",
    };
    for (int i = 0; i < LG_TAKE_COUNT; i++) {
        struct lg_http_server server = {.answer = OK "\r\n", .answer_len = 19};
        char want[128];
        if (paths[i] == NULL) {
            continue; /* only out of memory */
        }
        take_from(&server, *state, (enum lg_capture_part)i, 60 * SECOND,
                  PLENTY);
        snprintf(want, sizeof want, "GET /debug/pprof/%s HTTP/1.1\r\n",
                 paths[i]);
        assert_memory_equal(server.request, want, strlen(want));
    }
}

/* The second capture finds the connection of the first one. */
static void keeps_the_connection(void **state)
{
    struct lg_http_server server = {
        .answer = OK "Content-Length: 12\r\n\r\ngoroutine 1 ", .keeps = true};
    server.answer_len = strlen(server.answer);
    struct lg_capture_source *source;
    struct lg_part_result result;
    lg_http_server_start(&server);
    assert_true(lg_pprof_http_create(server.url, &source, NULL));
    int fd = open(*state, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 3; i++)
        assert_true(source->ops->take(source, LG_TAKE_GOROUTINES_TEXT, fd,
                                      60 * SECOND, PLENTY, &result));
    close(fd);
    source->ops->destroy(source);
    lg_http_server_stop(&server);
    assert_int_equal(server.connections, 1);
    assert_int_equal(server.requests, 3);
}

static void magic_in_pieces(void **state)
{
    struct lg_http_server server = {
        .answer = OK "\r\nheap profile: 1: 2 [3: 4] @ heap/1048576\n",
        .byte_wise = true};
    server.answer_len = strlen(server.answer);
    struct outcome o =
        take_from(&server, *state, LG_TAKE_MEMSTATS, 60 * SECOND, PLENTY);
    assert_true(o.whole);
    assert_int_equal(o.file_len, server.answer_len - 19);
}

static void refuses_what_is_no_profile(void **state)
{
    struct outcome o =
        TAKE(*state, LG_TAKE_HEAP,
             OK "Content-Type: text/html\r\n\r\n<html>heap</html>");
    assert_false(o.result.written || o.other_files);
    assert_int_equal(o.result.error.kind, LG_BAD_DATA);
    assert_true(says(&o, "answers, but not with a gzipped profile"));
    assert_true(says(&o, "Content-Type text/html"));
    o = TAKE(*state, LG_TAKE_GOROUTINES_TEXT,
             OK "Content-Type: application/json\r\n\r\n{}");
    assert_false(o.result.written || o.other_files);
    o = TAKE(*state, LG_TAKE_GOROUTINE, OK "\r\n");
    assert_false(o.result.written || o.other_files);
    assert_true(says(&o, "answers with 0 bytes"));
    o = TAKE(*state, LG_TAKE_GOROUTINE, OK "\r\n\x1f");
    assert_false(o.result.written || o.other_files);
}

static void status_in_words(void **state)
{
    struct outcome o = TAKE(*state, LG_TAKE_HEAP,
                            "HTTP/1.1 404 Not Found\r\n\r\n\x1f\x8b page");
    assert_false(o.result.written || o.other_files);
    assert_int_equal(o.result.error.kind, LG_ABSENT);
    assert_true(says(&o, "is not there (404)"));
    o = TAKE(*state, LG_TAKE_HEAP, "HTTP/1.1 403 Forbidden\r\n\r\n");
    assert_int_equal(o.result.error.kind, LG_DENIED);
    o = TAKE(*state, LG_TAKE_HEAP,
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\x1b[2J\r\n"
             "Content-Length: 0\r\n\r\n");
    assert_true(says(&o, "redirects (302) to \"http://127.0.0.1:1/?[2J\""));
    o = TAKE(*state, LG_TAKE_CPU,
             "HTTP/1.1 500 Internal Server Error\r\n\r\n"
             "Could not enable CPU profiling: cpu profiling already in use\n");
    assert_true(says(&o, "status 500: Could not enable CPU profiling"));
}

static void other_protocols(void **state)
{
    struct outcome o = TAKE(*state, LG_TAKE_HEAP, "SSH-2.0-OpenSSH_9.2p1\r\n");
    assert_false(o.result.written || o.other_files);
    assert_true(o.result.error.text[0] != '\0');
    o = TAKE(*state, LG_TAKE_HEAP, "");
    assert_true(says(&o, "closed unanswered"));
    o = TAKE(*state, LG_TAKE_HEAP, "\x1f\x8b\x08\0\0\0\0");
    assert_false(o.result.written);
}

/* What came before the kill is kept. */
static void broken_in_the_middle(void **state)
{
    struct outcome o = TAKE(*state, LG_TAKE_GOROUTINES_TEXT,
                            OK "Content-Length: 900\r\n\r\ngoroutine 1 [run");
    assert_true(o.result.written && o.result.cut && !o.whole);
    assert_int_equal(o.file_len, 16);
    assert_true(says(&o, "the connection broke after 16 bytes"));
    o = TAKE(*state, LG_TAKE_HEAP,
             OK "Transfer-Encoding: chunked\r\n\r\n4\r\n\x1f\x8b\x08\x08\r\n9");
    assert_true(o.result.written && o.result.cut);
    assert_int_equal(o.result.bytes, 4);
}

static void endless_data_is_cut(void **state)
{
    static char body[65536];
    memset(body, 'x', sizeof body);
    memcpy(body, OK "\r\ngoroutine ", 29);
    struct lg_http_server server = {
        .answer = body, .answer_len = sizeof body, .endless = true};
    struct outcome o =
        take_from(&server, *state, LG_TAKE_GOROUTINES_TEXT, 60 * SECOND, 3001);
    assert_true(o.result.written && o.result.cut);
    assert_int_equal(o.result.bytes, 3001);
    assert_int_equal(o.file_len, 3001);
    assert_int_equal(o.result.error.kind, LG_LIMIT);
    assert_true(says(&o, "cut at 3001 bytes"));
}

static void exactly_the_limit_is_whole(void **state)
{
    struct lg_http_server server = {.answer = OK
                                    "Content-Length: 10\r\n\r\ngoroutine "};
    server.answer_len = strlen(server.answer);
    struct outcome o =
        take_from(&server, *state, LG_TAKE_GOROUTINES_TEXT, 60 * SECOND, 10);
    assert_true(o.whole);
}

static void endless_headers(void **state)
{
    struct lg_http_server server = {.answer = "HTTP/1.1 200 OK\r\n"
                                              "X-Filler: abcdefghijklmnop\r\n",
                                    .endless = true};
    server.answer_len = strlen(server.answer);
    struct outcome o =
        take_from(&server, *state, LG_TAKE_HEAP, 60 * SECOND, PLENTY);
    assert_false(o.result.written || o.other_files);
}

static void a_server_that_hangs(void **state)
{
    struct lg_http_server server = {.answer = "", .hangs = true};
    struct outcome o =
        take_from(&server, *state, LG_TAKE_HEAP, SECOND / 20, PLENTY);
    assert_false(o.result.written || o.other_files);
    assert_int_equal(o.result.error.kind, LG_LIMIT);
    assert_true(says(&o, "no answer within 50 ms"));
    server = (struct lg_http_server){
        .answer = OK "\r\ngoroutine 1 [running]:\n", .hangs = true};
    server.answer_len = strlen(server.answer);
    o = take_from(&server, *state, LG_TAKE_GOROUTINES_TEXT, SECOND / 5, PLENTY);
    assert_true(o.result.written && o.result.cut);
    assert_true(says(&o, "cut after 200 ms and 23 bytes"));
}

static void nobody_listens(void **state)
{
    struct lg_http_server server = {.answer = ""};
    struct lg_error err = {0};
    lg_http_server_start(&server);
    lg_http_server_stop(&server);
    assert_false(lg_pprof_http_probe(server.url, 60 * SECOND, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_non_null(strstr(err.text, "nothing listens there"));
}

static bool probe(const char *answer, bool endless, struct lg_error *err)
{
    struct lg_http_server server = {
        .answer = answer, .answer_len = strlen(answer), .endless = endless};
    *err = (struct lg_error){0};
    lg_http_server_start(&server);
    bool found = lg_pprof_http_probe(server.url, 60 * SECOND, err);
    lg_http_server_stop(&server);
    assert_memory_equal(server.request, "GET /debug/pprof/ HTTP/1.1\r\n", 28);
    return found;
}

static void probes(void **state)
{
    struct lg_error err;
    assert_true(probe(OK "Content-Type: text/html\r\n\r\n<html><head><title>"
                         "/debug/pprof/</title>Types of profiles available:"
                         "<a href=goroutine?debug=1>goroutine</a>",
                      false, &err));
    assert_false(probe(OK "\r\n<html>welcome</html>", false, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_false(probe("HTTP/1.1 302 Found\r\nLocation: /login\r\n"
                       "Content-Length: 0\r\n\r\n",
                       false, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_false(probe("HTTP/1.1 404 Not Found\r\n\r\n", false, &err));
    assert_false(probe(OK "\r\nendless ", true, &err));
    assert_int_equal(err.kind, LG_ABSENT);
}

static void urls(void **state)
{
    static const struct {
        const char *given, *asked;
    } cases[] = {
        {"%s", "/debug/pprof/heap"},
        {"%s/", "/debug/pprof/heap"},
        {"%s/debug/pprof", "/debug/pprof/heap"},
        {"%s/debug/pprof/", "/debug/pprof/heap"},
        {"%s/debug/pprof/goroutine?debug=1", "/debug/pprof/heap"},
        {"%s/a/b/debug/pprof/", "/a/b/debug/pprof/heap"},
        {"%s/internal", "/internal/debug/pprof/heap"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lg_http_server server = {.answer = OK "\r\n", .answer_len = 19};
        struct lg_capture_source *source;
        struct lg_part_result result;
        char url[256], want[256];
        lg_http_server_start(&server);
        size_t skip = i % 2 == 0 ? 0 : strlen("http://");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(url, sizeof url, cases[i].given, server.url + skip);
#pragma GCC diagnostic pop
        assert_true(lg_pprof_http_create(url, &source, NULL));
        int fd = open(*state, O_RDONLY | O_DIRECTORY);
        source->ops->take(source, LG_TAKE_HEAP, fd, 60 * SECOND, 1, &result);
        close(fd);
        source->ops->destroy(source);
        lg_http_server_stop(&server);
        snprintf(want, sizeof want, "GET %s HTTP", cases[i].asked);
        assert_memory_equal(server.request, want, strlen(want));
    }
}

static void bad_urls(void **state)
{
    static const char *const bad[] = {
        "",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://h/?q=/debug/pprof/",
        "unix:",
        "://",
        "/debug/pprof/",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lg_capture_source *source;
        struct lg_error err = {0};
        assert_false(lg_pprof_http_create(bad[i], &source, &err));
        assert_int_equal(err.kind, LG_USAGE);
    }
}

/* A password in the URL is for the server alone. */
static void passwords_stay_secret(void **state)
{
    struct lg_http_server server = {.answer = ""};
    struct lg_error err = {0};
    lg_http_server_start(&server);
    lg_http_server_stop(&server);
    char url[128];
    snprintf(url, sizeof url, "http://me:secret@%s", server.url + 7);
    assert_false(lg_pprof_http_probe(url, 60 * SECOND, &err));
    assert_null(strstr(err.text, "secret"));
    assert_non_null(strstr(err.text, server.url));
}

static void a_proxy_is_not_asked(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    takes_a_profile(state);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void a_full_disk(void **state)
{
    struct lg_http_server server = {.answer = OK "\r\n\x1f\x8b\x08...",
                                    .answer_len = 25};
    struct lg_capture_source *source;
    struct lg_part_result result;
    lg_http_server_start(&server);
    assert_true(lg_pprof_http_create(server.url, &source, NULL));
    /* Not a folder: nothing can be made in it. */
    int fd = open("/dev/null", O_RDONLY);
    assert_false(source->ops->take(source, LG_TAKE_HEAP, fd, 60 * SECOND,
                                   PLENTY, &result));
    close(fd);
    source->ops->destroy(source);
    lg_http_server_stop(&server);
    assert_false(result.written);
    assert_int_equal(result.error.kind, LG_OS);
    assert_int_equal(result.error.sys_errno, ENOTDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(takes_a_profile),
        lg_tmpdir_test(asks_as_go_serves),
        lg_tmpdir_test(keeps_the_connection),
        lg_tmpdir_test(magic_in_pieces),
        lg_tmpdir_test(refuses_what_is_no_profile),
        lg_tmpdir_test(status_in_words),
        lg_tmpdir_test(other_protocols),
        lg_tmpdir_test(broken_in_the_middle),
        lg_tmpdir_test(endless_data_is_cut),
        lg_tmpdir_test(exactly_the_limit_is_whole),
        lg_tmpdir_test(endless_headers),
        lg_tmpdir_test(a_server_that_hangs),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(probes),
        lg_tmpdir_test(urls),
        cmocka_unit_test(bad_urls),
        cmocka_unit_test(passwords_stay_secret),
        lg_tmpdir_test(a_proxy_is_not_asked),
        cmocka_unit_test(a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
