/* SPDX-License-Identifier: Apache-2.0 */
/* The way through a pattern: characters, groups, repetitions, flags; limits on
 * size and depth where Go has them. */
#include "base/regex_syntax.h"

#include "base/vec.h"

#include <stdio.h>

/* Go's limits: copies of one thing by repetitions inside of each other, depth
 * of the tree, instructions. */
#define MAX_REPEAT 1000
#define MAX_HEIGHT 1000
#define MAX_SIZE (((uint64_t)128 << 20) / 40)

/* Flags of (?…). */
enum {
    FOLD = 1,
    MULTI_LINE = 2,
    DOT_NEWLINE = 4,
    NON_GREEDY = 8,
};

enum kind {
    OTHER,
    LITERAL,
    CLASS,
    CONCAT,
    ALTERNATE,
};

/* A part of Go's tree, as far as its limits ask for it. */
struct node {
    enum kind kind;
    bool fold; /* of a literal */
    /* PCRE2 takes a repetition of it only in brackets. */
    bool needs_brackets;
    size_t start, end; /* its text in out */
    uint32_t height, repeat;
    uint64_t size;
};

struct group {      /* open at present; the first one is the whole pattern */
    unsigned flags; /* those outside of it */
    bool captures;
    size_t start;
    struct node alternation, concat, last;
    bool has_alternation, has_concat, has_last;
};

struct parser {
    struct lg_str whole, rest;
    struct lg_sb *out;
    struct lg_error *err;
    unsigned flags;
    LG_VEC(struct group) groups;
    /* Where the repetition began that was just read; NULL: none was. */
    const char *last_repeat;
    /* Go counts sizes only once they may matter: nodes alive times the product
     * of all repetitions. */
    uint64_t live, most_live, repeats;
    bool counts_sizes;
};

static const char *end_of(struct lg_str s)
{
    return s.data + s.len;
}

static struct group *top(struct parser *p)
{
    return &p->groups.items[p->groups.count - 1];
}

static void count_live(struct parser *p, int more)
{
    p->live += (uint64_t)(int64_t)more;
    if (p->live > p->most_live)
        p->most_live = p->live;
}

static bool fail_at(struct parser *p, const char *code, const char *start,
                    const char *end)
{
    return lg_regex_error(p->err, code, start, end);
}

static bool fail_whole(struct parser *p, const char *code)
{
    return fail_at(p, code, p->whole.data, end_of(p->whole));
}

/* repeat: of an {n,m}; else 0. */
static bool check_limits(struct parser *p, const struct node *n,
                         uint64_t repeat)
{
    if (repeat != 0)
        p->repeats =
            repeat > MAX_SIZE / p->repeats ? MAX_SIZE : p->repeats * repeat;
    if (p->most_live >= MAX_SIZE / p->repeats)
        p->counts_sizes = true;
    if (p->counts_sizes && n->size > MAX_SIZE)
        return fail_whole(p, "expression too large");
    if (n->height > MAX_HEIGHT)
        return fail_whole(p, "expression nests too deeply");
    return true;
}

/* Go keeps no CONCAT right below a CONCAT. */
static uint32_t height_below(const struct node *n, enum kind kind)
{
    return n->kind == kind ? n->height - 1 : n->height;
}

static bool is_one_char(const struct node *n)
{
    return n->kind == CLASS || (n->kind == LITERAL && n->size == 1);
}

/* Adds a node to those of a CONCAT or an ALTERNATE. */
static void join(struct parser *p, struct node *all, bool *has_any,
                 const struct node *n, enum kind kind)
{
    if (!*has_any) {
        *all = *n;
        *has_any = true;
        return;
    }
    uint32_t a = height_below(all, kind), b = height_below(n, kind);
    bool merges = kind == CONCAT ? all->kind == LITERAL && n->kind == LITERAL &&
                                       all->fold == n->fold
                                 : is_one_char(all) && is_one_char(n);
    all->size += n->size + (kind == ALTERNATE ? 1 : 0);
    all->repeat = all->repeat > n->repeat ? all->repeat : n->repeat;
    if (merges) {
        if (kind == ALTERNATE)
            all->kind = CLASS;
        count_live(p, -1);
        return;
    }
    count_live(p, all->kind == kind ? 0 : 1);
    all->kind = kind;
    all->height = 1 + (a > b ? a : b);
}

static void push(struct parser *p, const struct node *n)
{
    struct group *g = top(p);
    if (g->has_last)
        join(p, &g->concat, &g->has_concat, &g->last, CONCAT);
    g->last = *n;
    g->last.end = p->out->len;
    g->has_last = true;
}

/* What was written since `start` is something that can be repeated. */
static bool push_atom(struct parser *p, enum kind kind, size_t start,
                      bool needs_brackets)
{
    struct node n = {
        .kind = kind,
        .fold = (p->flags & FOLD) != 0,
        .needs_brackets = needs_brackets,
        .start = start,
        .height = 1,
        .repeat = 1,
        .size = 1,
    };
    count_live(p, 1);
    push(p, &n);
    return check_limits(p, &n, 0);
}

static bool push_literal(struct parser *p, uint32_t rune)
{
    size_t start = p->out->len;
    if (lg_regex_is_surrogate(rune))
        lg_sb_cstr(p->out, LG_REGEX_NOTHING);
    else
        lg_regex_put_rune(p->out, rune);
    return push_atom(p, LITERAL, start, false);
}

/* An assertion: PCRE2 repeats it in brackets only. */
static bool push_assertion(struct parser *p, const char *text)
{
    size_t start = p->out->len;
    lg_sb_cstr(p->out, text);
    return push_atom(p, OTHER, start, true);
}

/* The branch is complete. */
static bool finish_concat(struct parser *p)
{
    struct group *g = top(p);
    struct node empty = {.height = 1, .repeat = 1, .size = 1};
    if (g->has_last)
        join(p, &g->concat, &g->has_concat, &g->last, CONCAT);
    if (!g->has_concat)
        count_live(p, 1);
    join(p, &g->alternation, &g->has_alternation,
         g->has_concat ? &g->concat : &empty, ALTERNATE);
    g->has_concat = g->has_last = false;
    return check_limits(p, &g->alternation, 0);
}

static bool take_bar(struct parser *p)
{
    lg_sb_char(p->out, '|');
    p->rest = lg_str_skip(p->rest, 1);
    return finish_concat(p);
}

static bool open_group(struct parser *p, bool captures, unsigned flags)
{
    struct group *g = lg_push(p->out->arena, &p->groups);
    if (g == NULL)
        return lg_fail_nomem(p->err);
    *g = (struct group){
        .flags = p->flags, .captures = captures, .start = p->out->len};
    if (captures)
        lg_sb_char(p->out, '(');
    else if ((flags ^ p->flags) & FOLD)
        lg_sb_cstr(p->out, flags & FOLD ? "(?i:" : "(?-i:");
    else
        lg_sb_cstr(p->out, "(?:");
    p->flags = flags;
    count_live(p, 1);
    return true;
}

static bool close_group(struct parser *p)
{
    if (!finish_concat(p))
        return false;
    if (p->groups.count == 1)
        return fail_whole(p, "unexpected )");
    struct group g = *top(p);
    struct node n = g.alternation;
    lg_sb_char(p->out, ')');
    p->rest = lg_str_skip(p->rest, 1);
    p->groups.count--;
    p->flags = g.flags;
    if (g.captures) {
        n.kind = OTHER;
        n.height++;
        n.size += 2;
    }
    n.start = g.start;
    n.needs_brackets = false;
    push(p, &n);
    return check_limits(p, &n, 0);
}

static bool is_capture_name(struct lg_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] != '_' &&
            !lg_regex_is_alnum((unsigned char)name.data[i]))
            return false;
    return name.len != 0;
}

static bool check_utf8(struct lg_str s, struct lg_error *err)
{
    uint32_t rune;
    while (s.len != 0)
        if (!lg_regex_take_rune(&s, &rune, err))
            return false;
    return true;
}

/* `(?P<name>` or `(?<name>`, of which `prefix` bytes come before the name. */
static bool take_named_group(struct parser *p, size_t prefix)
{
    struct lg_str s = p->rest;
    ptrdiff_t end = lg_str_find_char(s, '>');
    if (end < 0)
        return check_utf8(s, p->err) &&
               fail_at(p, "invalid named capture", s.data, end_of(s));
    struct lg_str name = lg_str_skip(lg_str_first(s, (size_t)end), prefix);
    if (!check_utf8(name, p->err))
        return false;
    if (!is_capture_name(name))
        return fail_at(p, "invalid named capture", s.data, s.data + end + 1);
    p->rest = lg_str_skip(s, (size_t)end + 1);
    return open_group(p, true, p->flags);
}

static unsigned flag_of(uint32_t c)
{
    switch (c) {
    case 'i':
        return FOLD;
    case 'm':
        return MULTI_LINE;
    case 's':
        return DOT_NEWLINE;
    case 'U':
        return NON_GREEDY;
    default:
        return 0;
    }
}

/* `(?i)`, `(?i-s:`, `(?:`. */
static bool take_flags(struct parser *p)
{
    const char *start = p->rest.data;
    struct lg_str s = lg_str_skip(p->rest, 2);
    unsigned flags = p->flags;
    bool minus = false, saw_flag = false;
    while (s.len != 0) {
        uint32_t c;
        if (!lg_regex_take_rune(&s, &c, p->err))
            return false;
        unsigned flag = flag_of(c);
        if (flag != 0) {
            flags = minus ? flags & ~flag : flags | flag;
            saw_flag = true;
        } else if (c == '-' && !minus) {
            minus = true;
            saw_flag = false;
        } else if ((c == ':' || c == ')') && (!minus || saw_flag)) {
            p->rest = s;
            if (c == ':')
                return open_group(p, false, flags);
            if ((flags ^ p->flags) & FOLD)
                lg_sb_cstr(p->out, flags & FOLD ? "(?i)" : "(?-i)");
            p->flags = flags;
            return true;
        } else {
            break;
        }
    }
    return fail_at(p, "invalid or unsupported Perl syntax", start, s.data);
}

static bool take_paren(struct parser *p)
{
    struct lg_str s = p->rest;
    if (s.len > 4 && lg_str_starts(s, LG_STR("(?P<")))
        return take_named_group(p, 4);
    if (s.len > 3 && lg_str_starts(s, LG_STR("(?<")))
        return take_named_group(p, 3);
    if (lg_str_starts(s, LG_STR("(?")))
        return take_flags(p);
    p->rest = lg_str_skip(s, 1);
    return open_group(p, true, p->flags);
}

/* Puts text into out before what stands at `at`. */
static void insert(struct parser *p, size_t at, const char *text)
{
    size_t len = strlen(text), behind = p->out->len - at;
    lg_sb_cstr(p->out, text);
    if (p->out->failed)
        return;
    memmove(p->out->data + at + len, p->out->data + at, behind);
    memcpy(p->out->data + at, text, len);
}

struct repetition {
    int64_t min, max; /* max -1: none; both are 0 and -1 for '*' … */
    char op;          /* '*', '+', '?' or '{' */
};

static uint64_t repeated_size(const struct repetition *r, uint64_t size)
{
    uint64_t n;
    if (r->op == '*' || (r->max < 0 && r->min == 0 && r->op == '{'))
        n = size + 2;
    else if (r->op != '{')
        n = size + 1;
    else if (r->max < 0)
        n = 1 + (uint64_t)r->min * size;
    else
        n = (uint64_t)r->max * size + (uint64_t)(r->max - r->min);
    return n != 0 ? n : 1;
}

/* Writes the repetition right behind the last atom, which flags may have
 * followed: `a(?i)*` repeats the a. */
static void put_repetition(struct parser *p, struct node *n, struct lg_str text,
                           bool non_greedy)
{
    char quantifier[40];
    size_t old_len = p->out->len;
    if (n->needs_brackets) {
        insert(p, n->end, ")");
        insert(p, n->start, "(?:");
    }
    snprintf(quantifier, sizeof quantifier, "%.*s%s", LG_STR_ARG(text),
             non_greedy ? "?" : "");
    size_t end = n->end + (p->out->len - old_len);
    insert(p, end, quantifier);
    n->end = end + strlen(quantifier);
    n->needs_brackets = true;
}

/* text: the operator, `*` or `{2,3}`, at the start of p->rest. */
static bool take_repetition(struct parser *p, const struct repetition *r,
                            struct lg_str text, const char *last_repeat)
{
    const char *start = p->rest.data;
    struct group *g = top(p);
    bool non_greedy = (p->flags & NON_GREEDY) != 0;
    p->rest = lg_str_skip(p->rest, text.len);
    if (lg_str_after(p->rest, LG_STR("?"), &p->rest))
        non_greedy = !non_greedy;
    if (last_repeat != NULL)
        return fail_at(p, "invalid nested repetition operator", last_repeat,
                       p->rest.data);
    if (!g->has_last)
        return fail_at(p, "missing argument to repetition operator", start,
                       p->rest.data);
    struct node *n = &g->last;
    int64_t most = r->max < 0 ? r->min : r->max;
    put_repetition(p, n, text, non_greedy);
    n->kind = OTHER;
    n->height++;
    n->size = repeated_size(r, n->size);
    count_live(p, 1);
    if (!check_limits(p, n, r->op != '{' ? 0 : most > 0 ? (uint64_t)most : 1))
        return false;
    if (r->op == '{') {
        uint64_t copies = (uint64_t)(most > 0 ? most : 1) * n->repeat;
        n->repeat = r->max == 0           ? 1
                    : copies > UINT32_MAX ? UINT32_MAX
                                          : (uint32_t)copies;
        if ((r->min >= 2 || r->max >= 2) && n->repeat > MAX_REPEAT)
            return fail_at(p, "invalid repeat count", start, p->rest.data);
    }
    p->last_repeat = start;
    return true;
}

/* No leading zeros; what is far too large is -1. */
static bool take_int(struct lg_str *s, int64_t *ret)
{
    int64_t n = 0;
    size_t i = 0;
    while (i < s->len && s->data[i] >= '0' && s->data[i] <= '9') {
        if (n >= 100000000)
            n = -1;
        if (n >= 0)
            n = n * 10 + (s->data[i] - '0');
        i++;
    }
    if (i == 0 || (i > 1 && s->data[0] == '0'))
        return false;
    *s = lg_str_skip(*s, i);
    *ret = n;
    return true;
}

/* {n}, {n,}, {n,m}. false: a brace like any other character. */
static bool read_braces(struct lg_str s, struct repetition *r,
                        struct lg_str *text_ret)
{
    struct lg_str rest = lg_str_skip(s, 1);
    *r = (struct repetition){.op = '{'};
    if (!take_int(&rest, &r->min) || rest.len == 0)
        return false;
    r->max = r->min;
    if (lg_str_after(rest, LG_STR(","), &rest)) {
        r->max = -1;
        if (rest.len == 0)
            return false;
        if (rest.data[0] != '}') {
            if (!take_int(&rest, &r->max))
                return false;
            if (r->max < 0)
                r->min = -1;
        }
    }
    if (!lg_str_after(rest, LG_STR("}"), &rest))
        return false;
    *text_ret = lg_str_first(s, s.len - rest.len);
    return true;
}

static bool take_brace(struct parser *p, const char *last_repeat)
{
    struct repetition r;
    struct lg_str text;
    if (!read_braces(p->rest, &r, &text)) {
        p->rest = lg_str_skip(p->rest, 1);
        return push_literal(p, '{');
    }
    if (r.min < 0 || r.min > MAX_REPEAT || r.max > MAX_REPEAT ||
        (r.max >= 0 && r.min > r.max))
        return fail_at(p, "invalid repeat count", text.data, end_of(text));
    return take_repetition(p, &r, text, last_repeat);
}

/* \Q…\E: the last character is what a repetition repeats. */
static bool take_quoted(struct parser *p)
{
    struct lg_cut cut = lg_str_cut(lg_str_skip(p->rest, 2), LG_STR("\\E"));
    struct lg_str text = cut.head;
    p->rest = cut.tail;
    while (text.len != 0) {
        uint32_t rune;
        if (!lg_regex_take_rune(&text, &rune, p->err) || !push_literal(p, rune))
            return false;
    }
    return true;
}

static bool take_group_escape(struct parser *p, bool *taken_ret)
{
    size_t start = p->out->len;
    lg_sb_char(p->out, '[');
    switch (
        lg_regex_take_group(&p->rest, (p->flags & FOLD) != 0, p->out, p->err)) {
    case LG_REGEX_FAILED:
        return false;
    case LG_REGEX_NONE:
        p->out->len = start;
        *taken_ret = false;
        return true;
    case LG_REGEX_TAKEN:
        break;
    }
    *taken_ret = true;
    if (p->out->len == start + 1) { /* the empty set */
        p->out->len = start;
        lg_sb_cstr(p->out, LG_REGEX_NOTHING);
    } else {
        lg_sb_char(p->out, ']');
    }
    return push_atom(p, CLASS, start, false);
}

static bool take_backslash(struct parser *p)
{
    static const struct {
        const char *escape, *text;
    } assertions[] = {
        {"\\A", "\\A"}, {"\\b", "\\b"}, {"\\B", "\\B"}, {"\\z", "\\z"}};
    const char *start = p->rest.data;
    for (size_t i = 0; i < LG_COUNT(assertions); i++)
        if (lg_str_after(p->rest, lg_str_of(assertions[i].escape), &p->rest))
            return push_assertion(p, assertions[i].text);
    if (lg_str_starts(p->rest, LG_STR("\\C")))
        return fail_at(p, "invalid escape sequence", start, start + 2);
    if (lg_str_starts(p->rest, LG_STR("\\Q")))
        return take_quoted(p);
    bool taken;
    if (!take_group_escape(p, &taken))
        return false;
    if (taken)
        return true;
    uint32_t rune;
    return lg_regex_take_escape(&p->rest, &rune, p->err) &&
           push_literal(p, rune);
}

static bool take_class(struct parser *p)
{
    size_t start = p->out->len;
    return lg_regex_take_class(&p->rest, (p->flags & FOLD) != 0, p->out,
                               p->err) &&
           push_atom(p, CLASS, start, false);
}

static bool take_dot(struct parser *p)
{
    size_t start = p->out->len;
    p->rest = lg_str_skip(p->rest, 1);
    lg_sb_cstr(p->out, p->flags & DOT_NEWLINE ? "(?s:.)" : "[^\\n]");
    return push_atom(p, CLASS, start, false);
}

/* ^ and $: PCRE2's own have exceptions for a last line feed. */
static bool take_anchor(struct parser *p, const char *of_text,
                        const char *of_line)
{
    p->rest = lg_str_skip(p->rest, 1);
    return push_assertion(p, p->flags & MULTI_LINE ? of_line : of_text);
}

static bool take_literal(struct parser *p)
{
    uint32_t rune;
    return lg_regex_take_rune(&p->rest, &rune, p->err) && push_literal(p, rune);
}

static bool take_next(struct parser *p)
{
    const char *last_repeat = p->last_repeat;
    struct repetition r = {.max = -1, .op = p->rest.data[0]};
    p->last_repeat = NULL;
    switch (p->rest.data[0]) {
    case '(':
        return take_paren(p);
    case ')':
        return close_group(p);
    case '|':
        return take_bar(p);
    case '^':
        return take_anchor(p, "\\A", "(?<![^\\n])");
    case '$':
        return take_anchor(p, "\\z", "(?![^\\n])");
    case '.':
        return take_dot(p);
    case '[':
        return take_class(p);
    case '*':
    case '+':
    case '?':
        return take_repetition(p, &r, lg_str_first(p->rest, 1), last_repeat);
    case '{':
        return take_brace(p, last_repeat);
    case '\\':
        return take_backslash(p);
    default:
        return take_literal(p);
    }
}

bool lg_regex_translate(struct lg_str pattern, struct lg_sb *out,
                        struct lg_error *err)
{
    if (pattern.data == NULL)
        pattern = LG_STR("");
    struct parser p = {
        .whole = pattern,
        .rest = pattern,
        .out = out,
        .err = err,
        .repeats = 1,
    };
    if (lg_push(out->arena, &p.groups) == NULL)
        return lg_fail_nomem(err);
    while (p.rest.len != 0 && !out->failed)
        if (!take_next(&p))
            return false;
    if (out->failed)
        return lg_fail_nomem(err);
    if (!finish_concat(&p))
        return false;
    if (p.groups.count != 1)
        return fail_whole(&p, "missing closing )");
    return true;
}
