/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/http.h"

#include "base/str.h"
#include "base/vec.h"
#include "sources/curl_api.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* Go's pprof answers with a few hundred bytes of headers. libcurl keeps them
 * in memory, so that endless ones need a bound besides the time. */
#define HEADERS_LIMIT_BYTES 65536
#define RECEIVE_BUFFER_BYTES 65536L
#define SECONDS_PER_DAY 86400L
#define REDIRECTS_LIMIT 10L /* net/http's */

struct transfer {
    const struct lg_curl *curl;
    CURL *easy;
    lg_http_body_fn *fn;
    void *context;
    struct lg_http_answer *answer;
    size_t header_bytes, start_len;
    bool headers_too_long;
};

bool lg_http_init(struct lg_http *http, struct lg_error *err)
{
    const struct lg_curl *curl = lg_curl_load(err);
    if (curl == NULL)
        return false;
    *http = (struct lg_http){.curl = curl, .easy = curl->easy_init()};
    return http->easy != NULL || lg_fail_nomem(err);
}

void lg_http_deinit(struct lg_http *http)
{
    if (http->easy != NULL)
        http->curl->easy_cleanup(http->easy);
    http->easy = NULL;
}

static void keep(char *to, size_t capacity, struct lg_str value)
{
    value = lg_str_first(lg_str_trim(value), capacity - 1);
    for (size_t i = 0; i < value.len; i++) { /* hostile: it is printed */
        char c = value.data[i];
        to[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    to[value.len] = '\0';
}

static bool is_header(struct lg_str line, const char *name,
                      struct lg_str *value_ret)
{
    size_t len = strlen(name);
    if (line.len <= len || line.data[len] != ':' ||
        strncasecmp(line.data, name, len) != 0)
        return false;
    *value_ret = lg_str_skip(line, len + 1);
    return true;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    struct lg_http_answer *a = t->answer;
    struct lg_str line = {data, size * count}, value;
    t->header_bytes += line.len;
    if (t->header_bytes > HEADERS_LIMIT_BYTES) {
        t->headers_too_long = true;
        return 0;
    }
    if (is_header(line, "Content-Type", &value))
        keep(a->content_type, sizeof a->content_type, value);
    else if (is_header(line, "Location", &value))
        keep(a->location, sizeof a->location, value);
    return line.len;
}

/* Of an error's body the first line is enough: "Could not enable CPU
 * profiling: cpu profiling already in use". */
static size_t on_error_body(struct transfer *t, struct lg_str data)
{
    struct lg_http_answer *a = t->answer;
    if (a->start[0] == '\0')
        keep(a->start, sizeof a->start, lg_str_cut_char(data, '\n').head);
    return a->body_bytes > HEADERS_LIMIT_BYTES ? 0 : data.len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    struct lg_str data = {bytes, size * count};
    if (t->answer->status == 0)
        t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE,
                              &t->answer->status);
    t->answer->body_bytes += data.len;
    if (t->answer->status != 200)
        return on_error_body(t, data);
    if (!t->fn(t->context, data.data, data.len)) {
        t->answer->stopped = true;
        return 0;
    }
    return data.len;
}

static bool set_file(const struct lg_http *http, CURLoption option,
                     const char *path)
{
    return path == NULL ||
           http->curl->easy_setopt(http->easy, option, path) == CURLE_OK;
}

static bool is_ours(const char *url)
{
    static const char *const names[] = {"localhost", "127.", "[::1]"};
    const char *host = strstr(url, "://");
    for (size_t i = 0; host != NULL && i < LG_COUNT(names); i++) {
        if (strncmp(host + 3, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* libcurl takes the proxies out of the environment by itself. */
static bool prepare_user(const struct lg_http *http, const char *url,
                         long timeout_ms)
{
    const struct lg_curl *curl = http->curl;
    const struct lg_http_user *user = http->user;
    CURL *e = http->easy;
    long seconds = timeout_ms / 1000 > 0 ? timeout_ms / 1000 : 1;
    long verify = user->is_insecure ? 0 : 1;
    bool ok = curl->easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS_LIMIT) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") ==
          CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_LOW_SPEED_TIME, seconds) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_SSL_VERIFYPEER, verify) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2 * verify) == CURLE_OK;
    if (is_ours(url) || http->unix_path[0] != '\0')
        ok &= curl->easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK;
    return ok && set_file(http, CURLOPT_SSLCERT, user->cert) &&
           set_file(http, CURLOPT_SSLKEY, user->key) &&
           set_file(http, CURLOPT_CAINFO, user->ca);
}

static bool prepare_machine(const struct lg_http *http, long timeout_ms)
{
    const struct lg_curl *curl = http->curl;
    CURL *e = http->easy;
    bool ok = curl->easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    return ok &&
           curl->easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK;
}

/* Always set as a whole: a handle is used for one request after the other. */
static bool prepare(struct lg_http *http, const char *url, uint64_t timeout_ns,
                    struct transfer *t)
{
    const struct lg_curl *curl = http->curl;
    CURL *e = http->easy;
    uint64_t ms = timeout_ns / 1000000;
    long timeout_ms = ms < 1 ? 1 : ms > 86400000 ? 86400000 : (long)ms;
    curl->easy_reset(e); /* connections stay */
    bool ok = curl->easy_setopt(e, CURLOPT_URL, url) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok &= http->user != NULL ? prepare_user(http, url, timeout_ms)
                             : prepare_machine(http, timeout_ms);
    ok &=
        curl->easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES) ==
          CURLE_OK;
    /* libcurl's own bound of 118 s would throw the waiting connection away. */
    ok &=
        curl->easy_setopt(e, CURLOPT_MAXAGE_CONN, SECONDS_PER_DAY) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_MAXLIFETIME_CONN, 0L) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_USERAGENT, "lastgasp/" LG_VERSION) ==
          CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_HEADERDATA, t) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
    ok &= curl->easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK;
    if (http->post != NULL)
        ok &= curl->easy_setopt(e, CURLOPT_POSTFIELDS, http->post) == CURLE_OK;
    if (http->unix_path[0] != '\0')
        ok &= curl->easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, http->unix_path) ==
              CURLE_OK;
    return ok;
}

static bool fail_status(const struct lg_http_answer *a, struct lg_error *err)
{
    if (a->status >= 300 && a->status < 400)
        return lg_fail(err, LG_ABSENT,
                       "redirects (%ld) to \"%s\", which is not followed",
                       a->status, a->location);
    if (a->status == 404)
        return lg_fail(err, LG_ABSENT, "is not there (404)");
    if (a->status == 401 || a->status == 403)
        return lg_fail(err, LG_DENIED, "refuses us (%ld)", a->status);
    if (a->start[0] == '\0')
        return lg_fail(err, LG_ABSENT, "answers with status %ld", a->status);
    return lg_fail(err, LG_ABSENT, "answers with status %ld: %s", a->status,
                   a->start);
}

static bool fail_curl(const struct transfer *t, CURLcode code,
                      uint64_t timeout_ns, struct lg_error *err)
{
    const struct lg_http_answer *a = t->answer;
    long os_errno = 0;
    t->curl->easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (t->headers_too_long)
        return lg_fail(err, LG_LIMIT, "sends more than %d bytes of headers",
                       HEADERS_LIMIT_BYTES);
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return lg_fail_nomem(err);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return lg_fail(err, LG_USAGE, "is not an http URL");
    case CURLE_COULDNT_RESOLVE_HOST:
        return lg_fail(err, LG_ABSENT, "the host's name has no address");
    case CURLE_COULDNT_CONNECT:
        if (os_errno != 0 && os_errno != ECONNREFUSED)
            return lg_fail_os(err, (int)os_errno, "cannot be reached");
        return lg_fail(err, LG_ABSENT, "nothing listens there");
    case CURLE_OPERATION_TIMEDOUT:
        if (a->body_bytes > 0)
            return lg_fail(err, LG_LIMIT,
                           "cut after %" PRIu64 " ms and %" PRIu64 " bytes",
                           timeout_ns / 1000000, a->body_bytes);
        return lg_fail(err, LG_LIMIT, "no answer within %" PRIu64 " ms",
                       timeout_ns / 1000000);
    case CURLE_GOT_NOTHING:
        return lg_fail(err, LG_BAD_DATA, "the connection closed unanswered");
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return lg_fail(err, LG_BAD_DATA,
                       "the connection broke after %" PRIu64 " bytes",
                       a->body_bytes);
    default:
        return lg_fail(err, LG_BAD_DATA, "%s", t->curl->easy_strerror(code));
    }
}

/* "http://user:secret@host/…" → "http://host/…" */
static void add_url(struct lg_error *err, const char *url)
{
    struct lg_str all = lg_str_of(url);
    struct lg_cut scheme = lg_str_cut(all, LG_STR("://"));
    struct lg_str rest = scheme.found ? scheme.tail : all;
    ptrdiff_t slash = lg_str_find_char(rest, '/');
    struct lg_str host = slash < 0 ? rest : lg_str_first(rest, (size_t)slash);
    struct lg_cut user = lg_str_rcut_char(host, '@');
    size_t skipped = user.found ? user.head.len + 1 : 0;
    lg_context(
        err, "%.*s%s%.*s", LG_STR_ARG(scheme.found ? scheme.head : LG_STR("")),
        scheme.found ? "://" : "", LG_STR_ARG(lg_str_skip(rest, skipped)));
}

bool lg_http_get(struct lg_http *http, const char *url, uint64_t timeout_ns,
                 lg_http_body_fn *fn, void *context,
                 struct lg_http_answer *answer, struct lg_error *err)
{
    *answer = (struct lg_http_answer){0};
    struct transfer t = {.curl = http->curl,
                         .easy = http->easy,
                         .fn = fn,
                         .context = context,
                         .answer = answer};
    if (!prepare(http, url, timeout_ns, &t))
        return lg_fail_nomem(err);
    CURLcode code = http->curl->easy_perform(http->easy);
    http->curl->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE,
                             &answer->status);
    if (answer->stopped)
        return false;
    if (answer->status != 0 && answer->status != 200 && !t.headers_too_long)
        fail_status(answer, err);
    else if (code != CURLE_OK)
        fail_curl(&t, code, timeout_ns, err);
    else if (answer->status == 200)
        return true;
    else
        lg_fail(err, LG_BAD_DATA, "does not speak HTTP");
    add_url(err, url);
    return false;
}
