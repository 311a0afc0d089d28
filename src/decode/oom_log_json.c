/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_json.h"

#include "base/clock.h"
#include "base/vec.h"
#include "decode/oom_log_time.h"

#include <string.h>

enum field {
    F_NONE,
    F_MESSAGE, /* just as the kernel said it */
    F_LINE,    /* a line, mostly with its newline */
    F_REALTIME_US,
    F_MONOTONIC_US,        /* when the journal took it */
    F_SOURCE_MONOTONIC_US, /* when the kernel said it: better */
    F_TIME,
    F_HOST,
};

static const struct {
    const char *key;
    enum field field;
} fields[] = {
    {"MESSAGE", F_MESSAGE},
    {"message", F_LINE},
    {"msg", F_LINE},
    {"log", F_LINE},
    {"text", F_LINE},
    {"line", F_LINE},
    {"__REALTIME_TIMESTAMP", F_REALTIME_US},
    {"__MONOTONIC_TIMESTAMP", F_MONOTONIC_US},
    {"_SOURCE_MONOTONIC_TIMESTAMP", F_SOURCE_MONOTONIC_US},
    {"time", F_TIME},
    {"timestamp", F_TIME},
    {"@timestamp", F_TIME},
    {"ts", F_TIME},
    {"date", F_TIME},
    {"_HOSTNAME", F_HOST},
    {"hostname", F_HOST},
    {"host", F_HOST},
    {"node", F_HOST},
    {"instance", F_HOST},
    {"container_id", F_HOST},
    {"container", F_HOST},
    {"pod", F_HOST},
};

struct reader {
    const char *at, *end;
};

static void blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

static bool take(struct reader *r, char c)
{
    blanks(r);
    if (r->at >= r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* The raw inside of a string, escapes and all. */
static bool raw_string(struct reader *r, struct lg_str *ret)
{
    if (!take(r, '"'))
        return false;
    const char *begin = r->at;
    for (; r->at < r->end && *r->at != '"'; r->at++)
        if (*r->at == '\\' && r->end - r->at > 1)
            r->at++;
    if (r->at >= r->end)
        return false;
    *ret = lg_str_from(begin, (size_t)(r->at - begin));
    r->at++;
    return true;
}

/* Steps over a number, literal, object or array; strings in them may hold
 * brackets. */
static bool raw_other(struct reader *r, struct lg_str *ret)
{
    struct lg_str inner;
    unsigned depth = 0;
    blanks(r);
    const char *begin = r->at;
    while (r->at < r->end) {
        char c = *r->at;
        if (c == '"') {
            if (!raw_string(r, &inner))
                return false;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}'))
            break;
        if (c == '{' || c == '[')
            depth++;
        if ((c == '}' || c == ']') && depth != 0)
            depth--;
        r->at++;
    }
    *ret = lg_str_trim(lg_str_from(begin, (size_t)(r->at - begin)));
    return ret->len != 0 && r->at < r->end;
}

static uint32_t hex4(const char *s)
{
    uint64_t value = 0;
    (void)lg_str_hex(lg_str_from(s, 4), &value);
    return (uint32_t)value;
}

static size_t put_utf8(uint32_t c, char *dest)
{
    size_t n = 0;
    if (c < 0x80) {
        dest[n++] = (char)c;
    } else if (c < 0x800) {
        dest[n++] = (char)(0xc0 | c >> 6);
        dest[n++] = (char)(0x80 | (c & 0x3f));
    } else {
        /* Halves of a surrogate pair stay apart: names of tasks that need
         * them are never looked at byte by byte. */
        dest[n++] = (char)(0xe0 | c >> 12);
        dest[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        dest[n++] = (char)(0x80 | (c & 0x3f));
    }
    return n;
}

/* Never longer than what it came from, so dest may overlap raw's start. */
static size_t unescape(struct lg_str raw, char *dest)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    size_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.data[i] != '\\' || raw.len - i < 2) {
            dest[n++] = raw.data[i];
            continue;
        }
        char c = raw.data[++i];
        const char *known = memchr(from, c, sizeof(from) - 1);
        if (c == 'u' && raw.len - i >= 5) {
            n += put_utf8(hex4(raw.data + i + 1), dest + n);
            i += 4;
        } else {
            dest[n++] = known != NULL ? to[known - from] : c;
        }
    }
    return n;
}

/* The journal writes text that is not UTF-8 as [109,121,…]. */
static size_t byte_array(struct lg_str raw, char *dest)
{
    size_t n = 0;
    uint64_t byte;
    raw = lg_str_skip(raw, 1);
    while (lg_str_take_u64(&raw, &byte) && byte < 256) {
        dest[n++] = (char)byte;
        raw = lg_str_trim_left(lg_str_skip(lg_str_trim_left(raw), 1));
    }
    return n;
}

static enum field field_of(struct lg_str key)
{
    for (size_t i = 0; i < LG_COUNT(fields); i++)
        if (lg_str_eq(key, lg_str_of(fields[i].key)))
            return fields[i].field;
    return F_NONE;
}

/* Seconds (with a fraction), ms, us or ns since 1970: by their size. */
static int64_t unix_time(struct lg_str value)
{
    double seconds;
    if (!lg_str_f64(value, &seconds) || seconds < 1e9)
        return 0;
    while (seconds > 1e11)
        seconds /= 1e3;
    return (int64_t)(seconds * 1e9);
}

static void take_time(struct lg_str value, const struct lg_oom_options *o,
                      struct lg_oom_json_line *ret)
{
    struct lg_str at = value;
    if (!lg_oom_time_iso(&at, o, &ret->wall_ns))
        ret->wall_ns = unix_time(value);
}

static void take_field(enum field field, struct lg_str value, bool is_string,
                       const struct lg_oom_options *o, char *scratch,
                       struct lg_oom_json_line *ret)
{
    uint64_t us;
    switch (field) {
    case F_MESSAGE:
    case F_LINE:
        if (ret->message.data != NULL || (!is_string && value.data[0] != '['))
            break;
        ret->message.data = scratch;
        ret->message.len =
            is_string ? unescape(value, scratch) : byte_array(value, scratch);
        if (field == F_LINE && lg_str_ends(ret->message, LG_STR("\n")))
            ret->message.len--;
        break;
    case F_REALTIME_US:
        if (lg_str_u64(value, &us) && us < INT64_MAX / 1000)
            ret->wall_ns = (int64_t)us * 1000;
        break;
    case F_MONOTONIC_US:
    case F_SOURCE_MONOTONIC_US:
        if (!lg_str_u64(value, &us) || us > UINT64_MAX / 1000 ||
            (field == F_MONOTONIC_US && ret->has_uptime))
            break;
        ret->has_uptime = true;
        ret->uptime_ns = us * 1000;
        break;
    case F_TIME:
        if (ret->wall_ns == 0)
            take_time(value, o, ret);
        break;
    case F_HOST:
        if (is_string && value.len != 0)
            ret->stream = ret->stream * 31 + lg_str_hash(value);
        break;
    case F_NONE:
        break;
    }
}

bool lg_oom_json_line_parse(struct lg_str line, const struct lg_oom_options *o,
                            char *scratch, struct lg_oom_json_line *ret)
{
    struct reader r = {line.data, line.data + line.len};
    struct lg_str key, value;
    *ret = (struct lg_oom_json_line){0};
    if (!take(&r, '{'))
        return false;
    do {
        if (!raw_string(&r, &key) || !take(&r, ':'))
            break;
        blanks(&r);
        bool is_string = r.at < r.end && *r.at == '"';
        if (is_string ? !raw_string(&r, &value) : !raw_other(&r, &value))
            break;
        take_field(field_of(key), value, is_string, o, scratch, ret);
    } while (take(&r, ','));
    return ret->message.data != NULL;
}
