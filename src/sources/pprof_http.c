/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_http.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "base/vec.h"
#include "sources/http.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL_BYTES 1024
/* As much of a part's beginning as tells what it is. */
#define HEAD_BYTES 16
/* Go 1.27's index is 4 KiB; a page that has not said "goroutine" by then is
 * something else. */
#define INDEX_BYTES 16384

struct part {
    const char *path;  /* behind …/debug/pprof/ */
    const char *magic; /* what the body begins with */
    size_t magic_len;
    const char *what; /* "a gzipped profile" */
};

#define GZIPPED "\x1f\x8b", 2, "a gzipped profile"
static const struct part parts[LG_TAKE_COUNT] = {
    [LG_TAKE_HEAP] = {"heap", GZIPPED},
    [LG_TAKE_GOROUTINE] = {"goroutine", GZIPPED},
    [LG_TAKE_MEMSTATS] = {"heap?debug=1", "heap profile:", 13,
                          "a heap profile as text"},
    [LG_TAKE_GOROUTINES_TEXT] = {"goroutine?debug=2", "goroutine ", 10,
                                 "a goroutine dump"},
    [LG_TAKE_THREADCREATE] = {"threadcreate", GZIPPED},
    [LG_TAKE_MUTEX] = {"mutex", GZIPPED},
    [LG_TAKE_BLOCK] = {"block", GZIPPED},
    [LG_TAKE_CPU] = {"profile?seconds=1", GZIPPED},
    [LG_TAKE_TRACE] = {"trace?seconds=0.1", "go 1.", 5, "an execution trace"},
};

struct pprof_http {
    struct lg_capture_source base;
    struct lg_http http;
    char url[URL_BYTES]; /* ends with "/debug/pprof/" */
};

/* A body on its way into a file. */
struct sink {
    const struct part *part;
    int fd;
    uint64_t bytes, limit_bytes;
    char head[HEAD_BYTES];
    size_t head_len;
    bool wrong, cut;
    struct lg_error error; /* of writing */
};

/* So far as they came, the bytes are what the part begins with. */
static bool head_fits(struct sink *s, struct lg_str data)
{
    while (s->head_len < HEAD_BYTES && data.len > 0) {
        s->head[s->head_len++] = data.data[0];
        data = lg_str_skip(data, 1);
    }
    size_t len =
        s->head_len < s->part->magic_len ? s->head_len : s->part->magic_len;
    return memcmp(s->head, s->part->magic, len) == 0;
}

static bool into_file(void *context, const char *data, size_t len)
{
    struct sink *s = context;
    if (s->head_len < s->part->magic_len &&
        !head_fits(s, (struct lg_str){data, len})) {
        s->wrong = true;
        return false;
    }
    uint64_t room = s->limit_bytes - s->bytes;
    if (len > room) {
        s->cut = true;
        len = (size_t)room;
    }
    if (!lg_write_all(s->fd, data, len, &s->error))
        return false;
    s->bytes += len;
    return !s->cut;
}

/* Why the body was refused or cut, where it was us who stopped it. */
static void explain_stop(const struct sink *s, const struct lg_http_answer *a,
                         struct lg_error *err)
{
    if (s->error.kind != LG_OK)
        *err = s->error;
    else if (s->wrong)
        lg_fail(err, LG_BAD_DATA, "answers, but not with %s (Content-Type %s)",
                s->part->what,
                a->content_type[0] != '\0' ? a->content_type : "not given");
    else
        lg_fail(err, LG_LIMIT, "cut at %" PRIu64 " bytes", s->limit_bytes);
}

static void receive(struct pprof_http *p, struct sink *s, uint64_t timeout_ns,
                    struct lg_error *err)
{
    char url[URL_BYTES + 32];
    struct lg_http_answer answer;
    snprintf(url, sizeof url, "%s%s", p->url, s->part->path);
    bool whole =
        lg_http_get(&p->http, url, timeout_ns, into_file, s, &answer, err);
    if (answer.stopped) {
        explain_stop(s, &answer, err);
    } else if (whole && s->head_len < s->part->magic_len) {
        s->wrong = true;
        lg_fail(err, LG_BAD_DATA, "answers with %zu bytes, which is not %s",
                s->head_len, s->part->what);
    } else {
        return; /* the sentence begins with the URL already */
    }
    lg_context(err, "/debug/pprof/%s", s->part->path);
}

/* The part's file is the temporary one under its own name, on disk. */
static bool publish(int folder_fd, int fd, const char *temporary,
                    const char *name, struct lg_error *err)
{
    if (fsync(fd) != 0)
        return lg_fail_os(err, errno, "%s", name);
    if (renameat(folder_fd, temporary, folder_fd, name) != 0)
        return lg_fail_os(err, errno, "%s", name);
    return lg_fsync_dir(folder_fd, err);
}

static void take_part(struct pprof_http *p, const char *name, struct sink *s,
                      int folder_fd, uint64_t timeout_ns,
                      struct lg_part_result *result)
{
    /* Seen by lg_folder_read when we die before the rename. */
    char temporary[64];
    snprintf(temporary, sizeof temporary, "%s.part", name);
    (void)unlinkat(folder_fd, temporary, 0);
    LG_CLOSE
    int fd = openat(folder_fd, temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        lg_fail_os(&result->error, errno, "%s", temporary);
        return;
    }
    s->fd = fd;
    receive(p, s, timeout_ns, &result->error);
    result->bytes = s->bytes;
    /* What came before a cut is kept: half a dump tells most of it. */
    struct lg_error err = {0};
    if (s->bytes == 0 || s->wrong) {
        (void)unlinkat(folder_fd, temporary, 0);
    } else if (publish(folder_fd, fd, temporary, name, &err)) {
        result->written = true;
        result->cut = result->error.kind != LG_OK;
    } else if (result->error.kind == LG_OK) {
        result->error = err;
    }
}

static bool take(struct lg_capture_source *source, enum lg_capture_part part,
                 int folder_fd, uint64_t timeout_ns, uint64_t limit_bytes,
                 struct lg_part_result *result)
{
    struct pprof_http *p = (struct pprof_http *)source;
    uint64_t start_ns = lg_mono_ns(&lg_clock_system);
    *result = (struct lg_part_result){.asked = true};
    if (part >= LG_TAKE_COUNT || parts[part].path == NULL)
        return lg_fail(&result->error, LG_UNSUPPORTED, "no such part");
    struct sink s = {.part = &parts[part], .limit_bytes = limit_bytes};
    take_part(p, lg_capture_part_file(part), &s, folder_fd, timeout_ns, result);
    result->duration_ns = lg_mono_ns(&lg_clock_system) - start_ns;
    return result->written && !result->cut;
}

static void destroy(struct lg_capture_source *source)
{
    if (source == NULL)
        return;
    struct pprof_http *p = (struct pprof_http *)source;
    lg_http_deinit(&p->http);
    free(p);
}

static const struct lg_capture_source_ops pprof_http_ops = {
    .name = "pprof over HTTP",
    .parts = ((1u << LG_TAKE_COUNT) - 1) & ~LG_TAKE_BIT(LG_TAKE_MEMSTATS_JSON) &
             ~LG_TAKE_BIT(LG_TAKE_HEAP_GC),
    .costs_target = true,
    .take = take,
    .destroy = destroy,
};

/* "host:port", "http://host/x", "…/debug/pprof", "…/debug/pprof/heap" → with
 * scheme and up to and including "/debug/pprof/". */
static bool normalise(struct lg_str given, char url[URL_BYTES],
                      struct lg_error *err)
{
    struct lg_str scheme = LG_STR("http"), rest = given;
    struct lg_cut cut = lg_str_cut(given, LG_STR("://"));
    if (cut.found) {
        scheme = cut.head;
        rest = cut.tail;
    }
    if (!lg_str_eq(scheme, LG_STR("http")) &&
        !lg_str_eq(scheme, LG_STR("https")))
        return lg_fail(err, LG_USAGE, "%.*s: not an http URL",
                       LG_STR_ARG(given));
    struct lg_cut index = lg_str_cut(rest, LG_STR("/debug/pprof"));
    struct lg_str base = index.head;
    while (lg_str_ends(base, LG_STR("/")))
        base.len--;
    if (base.len == 0 || base.data[0] == '/' ||
        lg_str_find_char(base, '?') >= 0 || lg_str_find_char(base, '#') >= 0)
        return lg_fail(err, LG_USAGE, "%.*s: not the URL of a pprof endpoint",
                       LG_STR_ARG(given));
    int len = snprintf(url, URL_BYTES, "%.*s://%.*s/debug/pprof/",
                       LG_STR_ARG(scheme), LG_STR_ARG(base));
    if (len < 0 || len >= URL_BYTES)
        return lg_fail(err, LG_USAGE, "the URL is too long");
    return true;
}

static bool set_url(struct pprof_http *p, const char *url, struct lg_error *err)
{
    struct lg_str path;
    if (!lg_str_after(lg_str_of(url), LG_STR("unix:"), &path))
        return normalise(lg_str_of(url), p->url, err);
    if (path.len == 0 || path.len >= sizeof p->http.unix_path)
        return lg_fail(err, LG_USAGE, "%s: not the path of a socket", url);
    memcpy(p->http.unix_path, path.data, path.len);
    p->http.unix_path[path.len] = '\0';
    return normalise(LG_STR("http://localhost"), p->url, err);
}

static void *create(const char *url, struct lg_error *err)
{
    struct pprof_http *p = calloc(1, sizeof *p);
    if (p == NULL) {
        lg_fail_nomem(err);
        return NULL;
    }
    p->base.ops = &pprof_http_ops;
    if (!lg_http_init(&p->http, err) || !set_url(p, url, err)) {
        destroy(&p->base);
        return NULL;
    }
    return p;
}

bool lg_pprof_http_create(const char *url, struct lg_capture_source **ret,
                          struct lg_error *err)
{
    struct pprof_http *p = create(url, err);
    if (p == NULL)
        return false;
    *ret = &p->base;
    return true;
}

struct index_page {
    size_t len;
    char text[INDEX_BYTES];
};

static bool into_page(void *context, const char *data, size_t len)
{
    struct index_page *page = context;
    size_t room = INDEX_BYTES - page->len;
    memcpy(page->text + page->len, data, len < room ? len : room);
    page->len += len < room ? len : room;
    return len <= room;
}

static bool is_index(const struct index_page *page)
{
    struct lg_str text = {page->text, page->len};
    return lg_str_contains(text, LG_STR("goroutine")) &&
           lg_str_contains(text, LG_STR("profile"));
}

bool lg_pprof_http_probe(const char *url, uint64_t timeout_ns,
                         struct lg_error *err)
{
    struct pprof_http *p = create(url, err);
    if (p == NULL)
        return false;
    struct index_page *page = calloc(1, sizeof *page);
    struct lg_http_answer answer = {0};
    struct lg_error why = {0};
    if (page == NULL)
        lg_fail_nomem(&why);
    else if (lg_http_get(&p->http, p->url, timeout_ns, into_page, page, &answer,
                         &why) ||
             answer.stopped) {
        if (!is_index(page))
            lg_fail(&why, LG_ABSENT, "%s: answers, but not as pprof", url);
    }
    /* Whatever is wrong with the server: there is no pprof to be had. */
    if (why.kind == LG_BAD_DATA || why.kind == LG_LIMIT)
        why.kind = LG_ABSENT;
    free(page);
    destroy(&p->base);
    if (why.kind != LG_OK && err != NULL)
        *err = why;
    return why.kind == LG_OK;
}
