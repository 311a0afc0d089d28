/* SPDX-License-Identifier: Apache-2.0 */
/* One source: a file, a pipe, a URL. */
#include "base/io.h"
#include "base/sb.h"
#include "decode/profile_any.h"
#include "sources/pprof_fetch_internal.h"
#include "sources/pprof_locate.h"
#include "sources/pprof_url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a pipe or a server may send: far above any profile, below what takes
 * the machine down. */
#define INPUT_LIMIT_BYTES (2ULL << 30)
#define SAY_BYTES 600

void lg_pprof_fetch_say(const struct lg_pprof_fetch *f, const char *fmt, ...)
{
    char text[SAY_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    f->say(f->say_context, text);
}

static bool is_stdin(const char *word)
{
    return strcmp(word, "-") == 0;
}

bool lg_pprof_grab_is_local(const char *word)
{
    struct stat st;
    return is_stdin(word) || stat(word, &st) == 0;
}

struct download {
    struct lg_sb *sb;
    bool too_long;
};

static bool on_body(void *context, const char *data, size_t len)
{
    struct download *d = context;
    d->too_long = d->sb->len + len > INPUT_LIMIT_BYTES;
    if (!d->too_long)
        lg_sb_str(d->sb, lg_str_from(data, len));
    return !d->too_long && !d->sb->failed;
}

static bool get(const struct lg_pprof_fetch *f, const struct lg_pprof_url *url,
                struct lg_sb *sb, struct lg_error *err)
{
    struct lg_http http;
    struct lg_http_answer answer;
    struct lg_http_user user = f->tls;
    struct download d = {.sb = sb};
    if (!lg_http_init(&http, err))
        return false;
    user.is_insecure = url->is_insecure;
    http.user = &user;
    bool ok = url->unix_path == NULL ||
              snprintf(http.unix_path, sizeof http.unix_path, "%s",
                       url->unix_path) < (int)sizeof http.unix_path;
    if (!ok)
        lg_fail(err, LG_USAGE, "the path of the socket is too long");
    else
        ok = lg_http_get(&http, url->http, url->timeout_ns, on_body, &d,
                         &answer, err);
    lg_http_deinit(&http);
    if (!ok && d.too_long)
        lg_fail(err, LG_LIMIT, "more than %llu bytes are sent",
                INPUT_LIMIT_BYTES);
    return ok && (!sb->failed || lg_fail_nomem(err));
}

/* transport.go initialize; Go loads both, or refuses. */
static bool check_tls(const struct lg_http_user *tls, struct lg_error *err)
{
    if (tls->cert == NULL && tls->key != NULL)
        return lg_fail(err, LG_USAGE,
                       "-tls_key is specified, so -tls_cert must also be "
                       "specified");
    if (tls->cert != NULL && tls->key == NULL)
        return lg_fail(err, LG_USAGE,
                       "-tls_cert is specified, so -tls_key must also be "
                       "specified");
    return true;
}

bool lg_pprof_download(const struct lg_pprof_fetch *f, const char *word,
                       struct lg_arena *arena, struct lg_str *bytes_ret,
                       const char **url_ret, struct lg_error *err)
{
    struct lg_pprof_url url;
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    if (!lg_pprof_url_parse(lg_str_of(word), f->seconds, f->timeout, arena,
                            &url))
        return lg_fail(err, LG_ABSENT,
                       "there is no such file or incident, and it is no URL");
    if (!check_tls(&f->tls, err))
        return false;
    lg_pprof_fetch_say(f, "Fetching profile over HTTP from %s", url.url);
    if (f->seconds > 0)
        lg_pprof_fetch_say(f, "Please wait... (%llds)", (long long)f->seconds);
    if (!get(f, &url, &sb, err))
        return false;
    *bytes_ret = lg_sb_view(&sb);
    *url_ret = url.url;
    return true;
}

/* A regular file is mapped and stays so: the profile may point into it. */
static bool read_file(const char *path, struct lg_arena *arena,
                      struct lg_str *bytes_ret, struct lg_error *err)
{
    struct lg_mapped map;
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        bool ok = lg_mapped_open(&map, AT_FDCWD, path, err);
        if (ok)
            *bytes_ret = map.bytes;
        return ok;
    }
    LG_CLOSE
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "open");
    return lg_read_all(fd, INPUT_LIMIT_BYTES, arena, bytes_ret, err);
}

static bool is_folder(const char *word)
{
    struct stat st;
    return stat(word, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool read_local(struct lg_pprof_grab *g, struct lg_str *bytes_ret)
{
    if (!read_file(g->word, g->arena, bytes_ret, &g->err))
        return false;
    return !lg_pprof_is_perf(*bytes_ret) ||
           lg_pprof_convert_perf(g->fetch, g->word, g->arena, bytes_ret,
                                 &g->err);
}

static bool read_word(struct lg_pprof_grab *g, struct lg_str *bytes_ret)
{
    if (is_stdin(g->word))
        return lg_read_all(STDIN_FILENO, INPUT_LIMIT_BYTES, g->arena, bytes_ret,
                           &g->err);
    if (g->is_local)
        return read_local(g, bytes_ret);
    return lg_pprof_download(g->fetch, g->word, g->arena, bytes_ret, &g->url,
                             &g->err);
}

/* An incident, a process, a folder: what the front door opens. */
static bool open_word(struct lg_pprof_grab *g, bool *is_taken_ret)
{
    const struct lg_pprof_fetch *f = g->fetch;
    *is_taken_ret = false;
    if (f->open == NULL || is_stdin(g->word) ||
        (g->is_local && !is_folder(g->word)))
        return false;
    bool ok = f->open(f->open_context, g->word, g->arena, &g->profile, &g->err);
    *is_taken_ret = ok || g->err.kind != LG_ABSENT || g->is_local;
    return ok;
}

static bool is_alone(const struct lg_pprof_fetch *f)
{
    return f->source_count + f->base_count == 1;
}

static bool grab(struct lg_pprof_grab *g)
{
    struct lg_str bytes = {NULL, 0};
    bool is_taken;
    bool ok = open_word(g, &is_taken);
    if (!is_taken)
        ok = read_word(g, &bytes) &&
             lg_profile_parse_any(bytes, is_alone(g->fetch), g->arena,
                                  &g->profile, &g->err);
    if (!ok)
        return false;
    if (!lg_pprof_locate(&g->profile, &g->fetch->symbols, g->fetch->say,
                         g->fetch->say_context, g->arena) ||
        (g->url != NULL &&
         !lg_pprof_mark_remote(&g->profile, g->url, g->arena)))
        return lg_fail_nomem(&g->err);
    return true;
}

void lg_pprof_grab_run(struct lg_pprof_grab *g)
{
    g->ok = grab(g);
}

bool lg_pprof_mark_remote(struct lg_profile *p, const char *url,
                          struct lg_arena *arena)
{
    (void)arena;
    lg_each(m, p->mappings) {
        if (m->build_id.len == 0 && m->file.len == 0)
            m->file = lg_str_of(url);
    }
    return true;
}

/* url.Parse(…).IsAbs(): it has a scheme. */
static bool is_url(struct lg_str file)
{
    for (size_t i = 0; i < file.len; i++) {
        char c = file.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_inner =
            (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (c == ':')
            return i > 0;
        if (!is_letter && !(is_inner && i > 0))
            return false;
    }
    return false;
}

bool lg_pprof_unmark_remote(struct lg_profile *p, struct lg_arena *arena)
{
    size_t count = p->mappings.count;
    bool is_any = false;
    lg_each(m, p->mappings)
        is_any |= m->build_id.len == 0 && is_url(m->file);
    if (!is_any)
        return true;
    struct lg_profile_mapping *items =
        lg_new(arena, struct lg_profile_mapping, count);
    if (items == NULL)
        return false;
    memcpy(items, p->mappings.items, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        if (items[i].build_id.len == 0 && is_url(items[i].file))
            items[i].file = (struct lg_str){NULL, 0};
    }
    p->mappings.items = items;
    p->mappings.capacity = count;
    return true;
}
