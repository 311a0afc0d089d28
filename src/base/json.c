/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void lg_json_init(struct lg_json *j, lg_json_sink_fn *sink, void *context,
                  bool pretty)
{
    *j = (struct lg_json){.sink = sink, .context = context, .pretty = pretty};
}

static bool sink_to_sb(void *context, const char *data, size_t len)
{
    struct lg_sb *sb = context;
    lg_sb_str(sb, lg_str_from(data, len));
    return !sb->failed;
}

void lg_json_init_sb(struct lg_json *j, struct lg_sb *sb, bool pretty)
{
    lg_json_init(j, sink_to_sb, sb, pretty);
}

static bool sink_to_fd(void *context, const char *data, size_t len)
{
    return lg_write_all(*(const int *)context, data, len, NULL);
}

void lg_json_init_fd(struct lg_json *j, int *fd, bool pretty)
{
    lg_json_init(j, sink_to_fd, fd, pretty);
}

static void flush(struct lg_json *j)
{
    if (!j->failed && j->used != 0)
        j->failed = !j->sink(j->context, j->buffer, j->used);
    j->used = 0;
}

static void put(struct lg_json *j, const char *data, size_t len)
{
    if (len > sizeof j->buffer - j->used)
        flush(j);
    if (len > sizeof j->buffer) {
        if (!j->failed)
            j->failed = !j->sink(j->context, data, len);
        return;
    }
    if (len != 0)
        memcpy(j->buffer + j->used, data, len);
    j->used += len;
}

static void put_cstr(struct lg_json *j, const char *s)
{
    put(j, s, strlen(s));
}

bool lg_json_finish(struct lg_json *j)
{
    assert(j->failed || (j->depth == 0 && !j->after_key));
    put(j, "\n", 1);
    flush(j);
    return !j->failed;
}

static void new_line(struct lg_json *j)
{
    if (!j->pretty)
        return;
    put(j, "\n", 1);
    for (int i = 0; i < j->depth; i++)
        put(j, "  ", 2);
}

static void begin_item(struct lg_json *j)
{
    if (j->level[j->depth - 1].has_items)
        put(j, ",", 1);
    j->level[j->depth - 1].has_items = true;
    new_line(j);
}

static void begin_value(struct lg_json *j)
{
    if (j->failed || j->depth == 0)
        return;
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    assert(j->level[j->depth - 1].is_array);
    begin_item(j);
}

static void begin_level(struct lg_json *j, bool is_array)
{
    begin_value(j);
    assert(j->depth < LG_JSON_MAX_DEPTH);
    if (j->depth >= LG_JSON_MAX_DEPTH)
        j->failed = true; /* in a release: stop, never write past level[] */
    else
        j->level[j->depth] = (__typeof__(j->level[0])){.is_array = is_array};
    j->depth++;
    put(j, is_array ? "[" : "{", 1);
}

static void end_level(struct lg_json *j, bool is_array)
{
    assert(j->depth > 0);
    j->depth--;
    if (j->failed)
        return;
    assert(j->level[j->depth].is_array == is_array && !j->after_key);
    if (j->level[j->depth].has_items)
        new_line(j);
    put(j, is_array ? "]" : "}", 1);
}

void lg_json_object(struct lg_json *j)
{
    begin_level(j, false);
}

void lg_json_object_end(struct lg_json *j)
{
    end_level(j, false);
}

void lg_json_array(struct lg_json *j)
{
    begin_level(j, true);
}

void lg_json_array_end(struct lg_json *j)
{
    end_level(j, true);
}

static void put_escape(struct lg_json *j, unsigned char c)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = memchr(plain, c, sizeof plain - 1);
    char text[8];
    if (at != NULL)
        snprintf(text, sizeof text, "\\%c", letters[at - plain]);
    else
        snprintf(text, sizeof text, "\\u%04x", c);
    put_cstr(j, text);
}

#define EVERY_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* How many of the next bytes need nothing: printable ASCII but for '"' and
 * '\\'. Eight at once; a borrow between bytes can only make it stop early. */
static size_t plain_run(const unsigned char *p, size_t len)
{
    size_t at = 0;
    for (; len - at >= 8; at += 8) {
        uint64_t x;
        memcpy(&x, p + at, 8);
        uint64_t quote = x ^ EVERY_BYTE('"'), slash = x ^ EVERY_BYTE('\\');
        uint64_t odd = x | (x - EVERY_BYTE(0x20)) | (quote - EVERY_BYTE(1)) |
                       (slash - EVERY_BYTE(1));
        if ((odd & EVERY_BYTE(0x80)) != 0)
            break;
    }
    while (at < len && p[at] >= 0x20 && p[at] < 0x80 && p[at] != '"' &&
           p[at] != '\\')
        at++;
    return at;
}

/* Runs of bytes that need nothing are copied in one piece. */
static void put_string(struct lg_json *j, struct lg_str s)
{
    const unsigned char *p = (const unsigned char *)s.data;
    size_t at = 0, run = 0; /* s[run, at) is to be copied */
    put(j, "\"", 1);
    while (at < s.len) {
        at += plain_run(p + at, s.len - at);
        if (at == s.len)
            break;
        bool escape = p[at] < 0x20 || p[at] == '"' || p[at] == '\\';
        size_t len = escape ? 0 : lg_utf8_len(p + at, s.len - at);
        if (len != 0) {
            at += len;
            continue;
        }
        put(j, s.data + run, at - run);
        if (escape)
            put_escape(j, p[at]);
        else
            put_cstr(j, "\uFFFD");
        run = ++at;
    }
    if (at > run)
        put(j, s.data + run, at - run);
    put(j, "\"", 1);
}

void lg_json_key(struct lg_json *j, const char *key)
{
    if (j->failed)
        return;
    assert(j->depth > 0 && !j->level[j->depth - 1].is_array && !j->after_key);
    begin_item(j);
    put_string(j, lg_str_of(key));
    put_cstr(j, j->pretty ? ": " : ":");
    j->after_key = true;
}

void lg_json_str(struct lg_json *j, struct lg_str s)
{
    begin_value(j);
    put_string(j, s);
}

void lg_json_cstr(struct lg_json *j, const char *s)
{
    if (s != NULL)
        lg_json_str(j, lg_str_of(s));
    else
        lg_json_null(j);
}

void lg_json_u64(struct lg_json *j, uint64_t n)
{
    char text[24], *at = text + sizeof text;
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    begin_value(j);
    put(j, at, (size_t)(text + sizeof text - at));
}

void lg_json_i64(struct lg_json *j, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    begin_value(j);
    put_cstr(j, text);
}

/* A locale may print the decimal point as a comma, or as several bytes. */
static void point_of_c_locale(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        bool point = strchr("0123456789+-e", *in) == NULL;
        if (!point)
            *out++ = *in;
        else if (out > text && out[-1] != '.')
            *out++ = '.';
    }
    *out = '\0';
}

void lg_json_f64(struct lg_json *j, double n)
{
    if (!isfinite(n)) {
        lg_json_null(j);
        return;
    }
    char text[64];
    snprintf(text, sizeof text, "%.6g", n);
    point_of_c_locale(text);
    begin_value(j);
    put_cstr(j, text);
}

void lg_json_seconds(struct lg_json *j, uint64_t ns)
{
    char text[40]; /* 11 digits, a point, 9 digits */
    int len = snprintf(text, sizeof text, "%" PRIu64 ".%09" PRIu64,
                       ns / UINT64_C(1000000000), ns % UINT64_C(1000000000));
    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    text[len] = '\0';
    begin_value(j);
    put_cstr(j, text);
}

void lg_json_bool(struct lg_json *j, bool b)
{
    begin_value(j);
    put_cstr(j, b ? "true" : "false");
}

void lg_json_null(struct lg_json *j)
{
    begin_value(j);
    put_cstr(j, "null");
}

void lg_json_kstr(struct lg_json *j, const char *key, struct lg_str s)
{
    lg_json_key(j, key);
    lg_json_str(j, s);
}

void lg_json_kcstr(struct lg_json *j, const char *key, const char *s)
{
    lg_json_key(j, key);
    lg_json_cstr(j, s);
}

void lg_json_ku64(struct lg_json *j, const char *key, uint64_t n)
{
    lg_json_key(j, key);
    lg_json_u64(j, n);
}

void lg_json_ki64(struct lg_json *j, const char *key, int64_t n)
{
    lg_json_key(j, key);
    lg_json_i64(j, n);
}

void lg_json_kf64(struct lg_json *j, const char *key, double n)
{
    lg_json_key(j, key);
    lg_json_f64(j, n);
}

void lg_json_kbool(struct lg_json *j, const char *key, bool b)
{
    lg_json_key(j, key);
    lg_json_bool(j, b);
}

void lg_json_knull(struct lg_json *j, const char *key)
{
    lg_json_key(j, key);
    lg_json_null(j);
}

void lg_json_ktime(struct lg_json *j, const char *key, int64_t unix_ns)
{
    char text[LG_TIME_TEXT_BYTES];
    lg_time_text(unix_ns, text);
    lg_json_kcstr(j, key, unix_ns != 0 ? text : NULL);
}
