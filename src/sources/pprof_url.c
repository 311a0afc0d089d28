/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_url.h"

#include "base/sb.h"
#include "base/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_TIMEOUT_S 60
#define SECOND_NS 1000000000
/* A day: nobody waits longer, and the sums below fit. */
#define MOST_SECONDS 86400
static const char cpu_profile[] = "/debug/pprof/profile";
static const char unix_scheme[] = "unix:";

struct parts {
    struct lg_str scheme, user, host, path, query;
    bool has_query, has_user;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_of(char c)
{
    if (is_digit(c))
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* getScheme. false: ":" without one before it. */
static bool cut_scheme(struct lg_str *rest, struct lg_str *scheme_ret)
{
    *scheme_ret = (struct lg_str){NULL, 0};
    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->data[i];
        bool is_inner = is_digit(c) || c == '+' || c == '-' || c == '.';
        if (is_letter(c) || (is_inner && i > 0))
            continue;
        if (c == ':' && i == 0)
            return false;
        if (c == ':') {
            *scheme_ret = lg_str_first(*rest, i);
            *rest = lg_str_skip(*rest, i + 1);
        }
        return true;
    }
    return true;
}

static bool has_bad_escape(struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '%' && (i + 2 >= s.len || hex_of(s.data[i + 1]) < 0 ||
                                 hex_of(s.data[i + 2]) < 0))
            return true;
    }
    return false;
}

/* ":", ":8080" or nothing. */
static bool is_port(struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (i == 0 ? s.data[i] != ':' : !is_digit(s.data[i]))
            return false;
    }
    return true;
}

/* The host of http may hold no colon but its port's (Go 1.26). */
static bool is_host(struct lg_str scheme, struct lg_str host)
{
    static const char punctuation[] = "-_.~!$&'()*+,;=:[]<>\"%";
    struct lg_cut literal = lg_str_rcut_char(host, ']');
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        bool is_fine = (c & 0x80) != 0 || is_letter(c) || is_digit(c) ||
                       strchr(punctuation, c) != NULL;
        if (!is_fine || c == '\0')
            return false;
    }
    if (lg_str_starts(host, LG_STR("[")))
        return literal.found && is_port(literal.tail);
    if (lg_str_find_char(host, '[') >= 0)
        return false;
    bool is_strict =
        lg_str_eq(scheme, LG_STR("http")) || lg_str_eq(scheme, LG_STR("https"));
    struct lg_cut port =
        is_strict ? lg_str_cut_char(host, ':') : lg_str_rcut_char(host, ':');
    return !port.found || is_port(lg_str_skip(host, port.head.len));
}

static bool has_control(struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.data[i] < ' ' || s.data[i] == 0x7f)
            return true;
    }
    return false;
}

static bool parse(struct lg_str word, struct parts *ret)
{
    *ret = (struct parts){0};
    struct lg_str rest = lg_str_cut_char(word, '#').head;
    if (has_control(word) || !cut_scheme(&rest, &ret->scheme))
        return false;
    struct lg_cut query = lg_str_cut_char(rest, '?');
    rest = query.head;
    ret->query = query.tail;
    ret->has_query = query.found;
    struct lg_str first = lg_str_cut_char(rest, '/').head;
    if (!lg_str_starts(rest, LG_STR("/"))) /* "mailto:x": no host */
        return ret->scheme.len > 0 || lg_str_find_char(first, ':') < 0;
    if (!lg_str_starts(rest, LG_STR("//")) ||
        (ret->scheme.len == 0 && lg_str_starts(rest, LG_STR("///")))) {
        ret->path = rest;
        return !has_bad_escape(rest);
    }
    rest = lg_str_skip(rest, 2);
    struct lg_str authority = lg_str_cut_char(rest, '/').head;
    ret->path = lg_str_skip(rest, authority.len);
    struct lg_cut user = lg_str_rcut_char(authority, '@');
    ret->has_user = user.found;
    ret->user = user.found ? user.head : (struct lg_str){NULL, 0};
    ret->host = user.found ? user.tail : authority;
    return is_host(ret->scheme, ret->host) && !has_bad_escape(ret->path) &&
           !has_bad_escape(ret->host);
}

/* A word without a scheme: "host:port/path", whose host looks like one. */
static bool parse_word(struct lg_str word, struct lg_arena *arena,
                       struct parts *ret)
{
    if (parse(word, ret) && (ret->host.len > 0 || ret->scheme.len == 0 ||
                             lg_str_eq(ret->scheme, LG_STR("file"))))
        return ret->host.len > 0;
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, "http://");
    lg_sb_str(&sb, word);
    return !sb.failed && parse(lg_sb_view(&sb), ret) && ret->host.len > 0;
}

struct pair {
    struct lg_str key, value; /* unescaped */
    size_t at;                /* equal keys stay in their order */
};

static int by_key(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    int order = lg_str_cmp(left->key, right->key);
    if (order != 0)
        return order;
    return left->at < right->at ? -1 : left->at > right->at;
}

static struct lg_str unescape(struct lg_str s, struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '%') {
            int c = hex_of(s.data[i + 1]) * 16 + hex_of(s.data[i + 2]);
            lg_sb_char(&sb, (char)c);
            i += 2;
        } else {
            lg_sb_char(&sb, s.data[i] == '+' ? ' ' : s.data[i]);
        }
    }
    return lg_sb_view(&sb);
}

static void escape(struct lg_sb *sb, struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' ||
            c == '~')
            lg_sb_char(sb, c);
        else if (c == ' ')
            lg_sb_char(sb, '+');
        else
            lg_sb_fmt(sb, "%%%02X", (unsigned char)c);
    }
}

/* EscapedPath, for what cannot stand in a path as it is. */
static void add_path(struct lg_sb *sb, struct lg_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.data[i];
        bool is_plain = c > ' ' && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL;
        if (is_plain)
            lg_sb_char(sb, c);
        else
            lg_sb_fmt(sb, "%%%02X", (unsigned char)c);
    }
}

/* Values.Encode with seconds set; *seconds: as given, or as the URL says. */
static void add_query(struct lg_sb *sb, struct lg_str query, int64_t *seconds,
                      struct lg_arena *arena)
{
    LG_VEC(struct pair) pairs = {0};
    bool given = *seconds > 0, is_first = true;
    struct lg_cut cut = {.tail = query, .found = query.len > 0};
    while (cut.found) {
        cut = lg_str_cut_char(cut.tail, '&');
        struct lg_cut pair = lg_str_cut_char(cut.head, '=');
        if (cut.head.len == 0 || lg_str_find_char(cut.head, ';') >= 0 ||
            has_bad_escape(pair.head) || has_bad_escape(pair.tail))
            continue; /* as net/url does */
        struct lg_str key = unescape(pair.head, arena);
        bool is_seconds = lg_str_eq(key, LG_STR("seconds"));
        if (is_seconds && given)
            continue;
        if (is_seconds && *seconds <= 0)
            lg_str_i64(pair.tail, seconds);
        struct pair *p = lg_push(arena, &pairs);
        if (p != NULL)
            *p = (struct pair){key, unescape(pair.tail, arena), pairs.count};
    }
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, *seconds);
    struct pair *p = given ? lg_push(arena, &pairs) : NULL;
    if (p != NULL)
        *p = (struct pair){LG_STR("seconds"), lg_str_of(number), pairs.count};
    if (pairs.items != NULL && pairs.count > 1)
        qsort(pairs.items, pairs.count, sizeof *pairs.items, by_key);
    lg_each(one, pairs) {
        lg_sb_char(sb, is_first ? '?' : '&');
        is_first = false;
        escape(sb, one->key);
        lg_sb_char(sb, '=');
        escape(sb, one->value);
    }
}

static uint64_t timeout_ns(int64_t seconds, int64_t timeout)
{
    if (seconds > MOST_SECONDS)
        seconds = MOST_SECONDS;
    if (timeout > MOST_SECONDS)
        timeout = MOST_SECONDS;
    uint64_t second = SECOND_NS;
    if (timeout > 0)
        return ((uint64_t)timeout + 5) * second;
    if (seconds > 0)
        return (uint64_t)seconds * second + (uint64_t)seconds * second / 2 +
               5 * second;
    return (DEFAULT_TIMEOUT_S + 5) * second;
}

/* Everything behind the scheme. */
static const char *text_of(struct lg_str scheme, const struct parts *p,
                           int64_t *seconds, struct lg_arena *arena)
{
    struct lg_sb sb;
    bool is_bare = p->path.len == 0 || lg_str_eq(p->path, LG_STR("/"));
    lg_sb_init(&sb, arena);
    lg_sb_str(&sb, scheme);
    lg_sb_cstr(&sb, "://");
    lg_sb_str(&sb, p->user);
    lg_sb_cstr(&sb, p->has_user ? "@" : "");
    lg_sb_str(&sb, p->host);
    add_path(&sb, is_bare ? lg_str_of(cpu_profile) : p->path);
    add_query(&sb, p->query, seconds, arena);
    return lg_sb_cstr_of(&sb);
}

/* "unix:/run/x.sock:/debug/pprof/heap?gc=1" */
static bool parse_unix(struct lg_str rest, int64_t seconds, int64_t timeout,
                       struct lg_arena *arena, struct lg_pprof_url *ret)
{
    struct lg_cut cut = lg_str_cut(rest, LG_STR(":/"));
    struct lg_str path = lg_str_skip(rest, cut.head.len + 1);
    struct lg_cut query =
        lg_str_cut_char(cut.found ? path : (struct lg_str){NULL, 0}, '?');
    struct parts parts = {
        .host = LG_STR("localhost"), .path = query.head, .query = query.tail};
    ret->unix_path = lg_str_cstr(arena, cut.head);
    ret->http = text_of(LG_STR("http"), &parts, &seconds, arena);
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_fmt(&sb, "%s%s:%s", unix_scheme,
              ret->unix_path != NULL ? ret->unix_path : "",
              ret->http != NULL ? ret->http + strlen("http://localhost") : "");
    ret->url = lg_sb_cstr_of(&sb);
    ret->timeout_ns = timeout_ns(seconds, timeout);
    return ret->url != NULL && ret->http != NULL && ret->unix_path != NULL;
}

bool lg_pprof_url_parse(struct lg_str word, int64_t seconds, int64_t timeout,
                        struct lg_arena *arena, struct lg_pprof_url *ret)
{
    struct lg_str rest;
    struct parts parts;
    *ret = (struct lg_pprof_url){0};
    if (lg_str_after(word, lg_str_of(unix_scheme), &rest) && rest.len > 0 &&
        rest.data[0] == '/')
        return parse_unix(rest, seconds, timeout, arena, ret);
    if (!parse_word(word, arena, &parts))
        return false;
    int64_t again = seconds;
    ret->is_insecure = lg_str_eq(parts.scheme, LG_STR("https+insecure"));
    ret->url = text_of(parts.scheme, &parts, &seconds, arena);
    ret->http = ret->is_insecure
                    ? text_of(LG_STR("https"), &parts, &again, arena)
                    : ret->url;
    ret->timeout_ns = timeout_ns(seconds, timeout);
    return ret->url != NULL && ret->http != NULL;
}
