/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_symbols_internal.h"

#include "base/path.h"
#include "base/sb.h"
#include "sources/http.h"
#include "sources/pprof_url.h"

/* A server that gave a profile without names is asked for them: addresses in,
 * "+" between them; lines "0x47b4c3 main.run" out. Source: google/pprof
 * internal/symbolz/symbolz.go (Go 1.27.4); net/http/pprof, Symbol. */
#define ANSWER_LIMIT_BYTES ((size_t)256 << 20)
#define SECOND_NS 1000000000ull
#define SILENCE_NS (60 * SECOND_NS)

static bool ends_as_gperftools(struct lg_str path)
{
    static const struct lg_str ends[] = {
        LG_STR("/pprof/heap"),       LG_STR("/pprof/growth"),
        LG_STR("/pprof/profile"),    LG_STR("/pprof/pmuprofile"),
        LG_STR("/pprof/contention"),
    };
    for (size_t i = 0; i < LG_COUNT(ends); i++)
        if (lg_str_ends(path, ends[i]))
            return true;
    return false;
}

/* Where the server answers that; empty: it has no host. */
static struct lg_str symbol_url(struct lg_str url, struct lg_arena *arena)
{
    struct lg_cut scheme = lg_str_cut(url, LG_STR("://"));
    struct lg_str rest = lg_str_cut_char(scheme.tail, '#').head;
    rest = lg_str_cut_char(rest, '?').head;
    struct lg_cut host = lg_str_cut_char(rest, '/');
    struct lg_str path = lg_str_skip(rest, host.head.len);
    struct lg_sb sb;
    if (!scheme.found || host.head.len == 0)
        return (struct lg_str){0};
    bool is_go = lg_str_contains(path, LG_STR("/debug/pprof/"));
    lg_sb_init(&sb, arena);
    lg_sb_str(&sb, scheme.head);
    lg_sb_cstr(&sb, "://");
    lg_sb_str(&sb, host.head);
    lg_sb_str(&sb, lg_path_join(lg_path_dir(path, arena),
                                is_go || ends_as_gperftools(path)
                                    ? LG_STR("symbol")
                                    : LG_STR("symbolz"),
                                arena));
    return lg_sb_view(&sb);
}

/* address + offset; false: it wraps around. */
static bool shift(uint64_t address, int64_t offset, uint64_t *ret)
{
    *ret = address + (uint64_t)offset;
    return offset < 0 ? *ret < address : *ret >= address;
}

static bool fail_shift(uint64_t address, int64_t offset, struct lg_error *err)
{
    return lg_fail(err, LG_BAD_DATA,
                   "cannot adjust address %llu by %lld, it would overflow",
                   (unsigned long long)address, (long long)offset);
}

static bool is_asked(const struct lg_profile_location *l, size_t mapping)
{
    return l->mapping == mapping + 1 && l->address != 0 && l->line_count == 0;
}

/* "0x1+0x2", as the server has them; "": nothing to ask. */
static bool addresses_of(const struct lg_symboliser *s, size_t mapping,
                         int64_t offset, const char **ret, struct lg_error *err)
{
    struct lg_sb sb;
    lg_sb_init(&sb, s->arena);
    lg_each(l, s->p->locations) {
        uint64_t address;
        if (!is_asked(l, mapping))
            continue;
        if (!shift(l->address, offset, &address))
            return fail_shift(l->address, offset, err);
        lg_sb_fmt(&sb, "%s0x%llx", sb.len != 0 ? "+" : "",
                  (unsigned long long)address);
    }
    *ret = lg_sb_cstr_of(&sb);
    return *ret != NULL || lg_fail_nomem(err);
}

static bool on_body(void *context, const char *data, size_t len)
{
    struct lg_sb *sb = context;
    if (sb->len + len > ANSWER_LIMIT_BYTES)
        return false;
    lg_sb_str(sb, lg_str_from(data, len));
    return !sb->failed;
}

static bool ask(struct lg_symboliser *s, struct lg_str url, const char *query,
                struct lg_sb *answer, struct lg_error *err)
{
    struct lg_pprof_url parsed;
    struct lg_http http;
    struct lg_http_answer head;
    if (!lg_pprof_url_parse(url, 0, 0, s->arena, &parsed))
        return lg_fail(err, LG_USAGE, "http post %.*s: no URL",
                       LG_STR_ARG(url));
    struct lg_http_user user = {0};
    if (s->source->tls != NULL)
        user = *s->source->tls;
    user.is_insecure = parsed.is_insecure;
    if (!lg_http_init(&http, err))
        return false;
    http.user = &user;
    http.post = query;
    bool ok = lg_http_get(&http, parsed.http, SILENCE_NS, on_body, answer,
                          &head, err);
    if (!ok && head.stopped)
        lg_fail(err, LG_LIMIT, "%.*s answers with too much", LG_STR_ARG(url));
    lg_http_deinit(&http);
    return ok || lg_context(err, "http post %.*s", LG_STR_ARG(url));
}

static bool is_xdigit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* "(0x[[:xdigit:]]+)\s+(.*)" anywhere in a line. */
static bool parse_line(struct lg_str line, struct lg_str *address_ret,
                       struct lg_str *name_ret)
{
    struct lg_cut cut;
    for (; (cut = lg_str_cut(line, LG_STR("0x"))).found; line = cut.tail) {
        size_t digits = 0, at;
        while (digits < cut.tail.len && is_xdigit(cut.tail.data[digits]))
            digits++;
        for (at = digits; at < cut.tail.len &&
                          strchr(" \t\f\r", cut.tail.data[at]) != NULL &&
                          cut.tail.data[at] != '\0';
             at++)
            continue;
        if (digits == 0 || at == digits)
            continue;
        *address_ret = lg_str_first(cut.tail, digits);
        *name_ret = lg_str_skip(cut.tail, at);
        return true;
    }
    return false;
}

/* the profile's address → function + 1 */
static bool parse_answer(struct lg_symboliser *s, struct lg_str answer,
                         int64_t offset, struct lg_map *functions,
                         struct lg_error *err)
{
    struct lg_cut cut;
    for (; (cut = lg_str_cut_char(answer, '\n')).found; answer = cut.tail) {
        struct lg_str digits, name;
        uint64_t address;
        if (!parse_line(cut.head, &digits, &name))
            continue;
        if (!lg_str_hex(digits, &address))
            return lg_fail(err, LG_BAD_DATA, "unexpected parse failure 0x%.*s",
                           LG_STR_ARG(digits));
        if (!shift(address, (int64_t)(0 - (uint64_t)offset), &address))
            return fail_shift(address, offset, err);
        uint32_t function =
            lg_symbols_function(s, name, (struct lg_str){NULL, 0});
        uint64_t *place = lg_map_put_u64(functions, address, NULL);
        if (function == UINT32_MAX || place == NULL)
            return lg_fail_nomem(err);
        *place = (uint64_t)function + 1;
    }
    return true;
}

static bool take_functions(struct lg_symboliser *s, size_t mapping,
                           const struct lg_map *functions)
{
    if (!lg_symbols_own_places(s))
        return false;
    lg_each(l, s->p->locations) {
        const uint64_t *function;
        if (l->mapping != mapping + 1 ||
            (function = lg_map_find_u64(functions, l->address)) == NULL)
            continue;
        struct lg_profile_line *line = lg_push(s->arena, &s->p->lines);
        if (line == NULL)
            return false;
        line->function = (uint32_t)(*function - 1);
        l->line_first = (uint32_t)(s->p->lines.count - 1);
        l->line_count = 1;
    }
    return true;
}

static bool name_mapping(struct lg_symboliser *s, size_t mapping,
                         struct lg_str url, int64_t offset,
                         struct lg_error *err)
{
    const char *query = "";
    struct lg_map functions;
    struct lg_sb answer;
    if (!addresses_of(s, mapping, offset, &query, err))
        return false;
    lg_map_init(&functions, s->arena);
    lg_sb_init(&answer, s->arena);
    if (query[0] != '\0' &&
        (!ask(s, url, query, &answer, err) ||
         !parse_answer(s, lg_sb_view(&answer), offset, &functions, err)))
        return false;
    if (!lg_symbols_own_mappings(s) ||
        (functions.count != 0 && !take_functions(s, mapping, &functions)))
        return lg_fail_nomem(err);
    s->p->mappings.items[mapping].has_functions = true;
    return true;
}

/* The first server that knows a mapping by key; empty: none. */
static struct lg_str server_of(const struct lg_symboliser *s,
                               const struct lg_profile_mapping *m,
                               struct lg_str key, int64_t *offset_ret)
{
    for (size_t i = 0; i < s->source->url_count; i++) {
        const struct lg_mapping_url *u = &s->source->urls[i];
        if (!lg_str_eq(u->key, key))
            continue;
        struct lg_str url = symbol_url(lg_str_of(u->url), s->arena);
        *offset_ret = (int64_t)(u->start - m->start);
        if (url.len != 0)
            return url;
    }
    return (struct lg_str){NULL, 0};
}

bool lg_symbols_remote(struct lg_symboliser *s, struct lg_error *err)
{
    for (size_t i = 0; s->source->url_count != 0 && i < s->p->mappings.count;
         i++) {
        const struct lg_profile_mapping *m = &s->p->mappings.items[i];
        int64_t offset = 0;
        if (!s->mode.force && m->has_functions)
            continue;
        struct lg_str url = server_of(s, m, m->file, &offset);
        if (url.len == 0 && m->build_id.len != 0)
            url = server_of(s, m, m->build_id, &offset);
        if (url.len != 0 && !name_mapping(s, i, url, offset, err))
            return false;
    }
    return true;
}
