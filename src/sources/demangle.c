/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/demangle.h"

#include "base/map.h"
#include "base/sb.h"
#include "base/vec.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdlib.h>

typedef struct demangle_component node;

/* Deeper trees than this are left as they are. */
#define MAX_DEPTH 512

struct printer {
    struct lg_sb sb;
    jmp_buf full;
};

static void take_piece(const char *piece, size_t len, void *context)
{
    struct printer *p = context;
    /* Substitutions can double a name with every few letters. libiberty holds
     * no memory while it prints. */
    if (p->sb.failed || p->sb.len + len > LG_DEMANGLE_MAX_BYTES)
        longjmp(p->full, 1);
    lg_sb_str(&p->sb, lg_str_from(piece, len));
}

static bool print(node *tree, int options, struct lg_arena *arena,
                  struct lg_str *ret)
{
    struct printer p;
    lg_sb_init(&p.sb, arena);
    if (setjmp(p.full) != 0)
        return false;
    if (!cplus_demangle_print_callback(options, tree, take_piece, &p))
        return false;
    *ret = lg_sb_view(&p.sb);
    return !p.sb.failed;
}

/* A name is cut down by rewriting its tree. Its parts are shared, so that there
 * can be 2^n ways to a node: each is visited once. */
struct walker {
    bool keeps_enclosing;
    struct lg_map seen;
};

static bool has_children(const node *n)
{
    switch (n->type) {
    case DEMANGLE_COMPONENT_NAME:
    case DEMANGLE_COMPONENT_TEMPLATE_PARAM:
    case DEMANGLE_COMPONENT_FUNCTION_PARAM:
    case DEMANGLE_COMPONENT_SUB_STD:
    case DEMANGLE_COMPONENT_BUILTIN_TYPE:
    case DEMANGLE_COMPONENT_EXTENDED_BUILTIN_TYPE:
    case DEMANGLE_COMPONENT_OPERATOR:
    case DEMANGLE_COMPONENT_CHARACTER:
    case DEMANGLE_COMPONENT_NUMBER:
    case DEMANGLE_COMPONENT_UNNAMED_TYPE:
    case DEMANGLE_COMPONENT_FIXED_TYPE:
        return false;
    default:
        return true;
    }
}

static void walk(struct walker *w, node *n, int depth);

/* The function that a local name is in: its arguments go, its "()" stays. */
static void empty_enclosing(node *n)
{
    while (n != NULL && has_children(n) &&
           n->type != DEMANGLE_COMPONENT_TYPED_NAME)
        n = n->u.s_binary.left;
    if (n == NULL || n->type != DEMANGLE_COMPONENT_TYPED_NAME)
        return;
    node *type = n->u.s_binary.right;
    while (type != NULL && has_children(type) &&
           type->type != DEMANGLE_COMPONENT_FUNCTION_TYPE)
        type = type->u.s_binary.left;
    if (type != NULL && type->type == DEMANGLE_COMPONENT_FUNCTION_TYPE)
        type->u.s_binary.right = NULL;
}

/* A function that is an argument of a template or an operand stands there with
 * its name only. */
static void name_only(node **n)
{
    if (*n != NULL && (*n)->type == DEMANGLE_COMPONENT_TYPED_NAME)
        *n = (*n)->u.s_binary.left;
}

static void walk_children(struct walker *w, node *n, int depth)
{
    switch (n->type) {
    case DEMANGLE_COMPONENT_CTOR:
    case DEMANGLE_COMPONENT_DTOR:
        walk(w, n->u.s_ctor.name, depth);
        break;
    case DEMANGLE_COMPONENT_EXTENDED_OPERATOR:
        walk(w, n->u.s_extended_operator.name, depth);
        break;
    case DEMANGLE_COMPONENT_LAMBDA:
    case DEMANGLE_COMPONENT_DEFAULT_ARG:
        walk(w, n->u.s_unary_num.sub, depth);
        break;
    default:
        walk(w, n->u.s_binary.left, depth);
        walk(w, n->u.s_binary.right, depth);
        break;
    }
}

static void walk(struct walker *w, node *n, int depth)
{
    bool fresh;
    if (n == NULL || depth >= MAX_DEPTH || !has_children(n) ||
        lg_map_put_u64(&w->seen, (uintptr_t)n, &fresh) == NULL || !fresh)
        return;
    if (n->type == DEMANGLE_COMPONENT_LOCAL_NAME && !w->keeps_enclosing)
        empty_enclosing(n->u.s_binary.left);
    if (n->type == DEMANGLE_COMPONENT_UNARY)
        name_only(&n->u.s_binary.right);
    if (n->type == DEMANGLE_COMPONENT_TEMPLATE_ARGLIST)
        name_only(&n->u.s_binary.left);
    walk_children(w, n, depth + 1);
}

/* "operator<<", "operator->": their < and > are no brackets. A template's own
 * bracket stands apart: "operator< <int>". */
static size_t operator_len(struct lg_str s)
{
    static const struct lg_str names[] = {
        LG_STR("<<="), LG_STR(">>="), LG_STR("<=>"), LG_STR("->*"),
        LG_STR("<<"),  LG_STR(">>"),  LG_STR("<="),  LG_STR(">="),
        LG_STR("->"),  LG_STR("<"),   LG_STR(">"),
    };
    struct lg_str rest;
    if (!lg_str_after(s, LG_STR("operator"), &rest))
        return 0;
    for (size_t i = 0; i < LG_COUNT(names); i++)
        if (lg_str_starts(rest, names[i]))
            return s.len - rest.len + names[i].len;
    return 0;
}

/* Takes <…> out; where they don't pair, all stays. */
static struct lg_str without_templates(struct lg_str s, struct lg_arena *arena)
{
    struct lg_sb sb;
    int depth = 0;
    lg_sb_init(&sb, arena);
    for (size_t i = 0; i < s.len; i++) {
        struct lg_str at = lg_str_skip(s, i);
        size_t op = s.data[i] == 'o' ? operator_len(at) : 0;
        if (op != 0) {
            if (depth == 0)
                lg_sb_str(&sb, lg_str_first(at, op));
            i += op - 1;
            if (depth == 0 &&
                lg_str_starts(lg_str_skip(s, i + 1), LG_STR(" <")))
                i++;
        } else if (s.data[i] == '<') {
            depth++;
        } else if (s.data[i] == '>' && (i == 0 || s.data[i - 1] != '-')) {
            if (depth-- == 0)
                return s;
        } else if (depth == 0) {
            lg_sb_char(&sb, s.data[i]);
        }
    }
    return depth == 0 && !sb.failed ? lg_sb_view(&sb) : s;
}

/* Two closing brackets stand apart ("> >"); libiberty forgets it where an empty
 * list of arguments is between them. */
static struct lg_str with_spaces(struct lg_str s, struct lg_arena *arena)
{
    struct lg_sb sb;
    if (!lg_str_contains(s, LG_STR(">>")))
        return s;
    lg_sb_init(&sb, arena);
    for (size_t i = 0; i < s.len; i++) {
        struct lg_str at = lg_str_skip(s, i);
        size_t op = s.data[i] == 'o' ? operator_len(at) : 0;
        lg_sb_str(&sb, lg_str_first(at, op != 0 ? op : 1));
        if (op != 0)
            i += op - 1;
        else if (lg_str_starts(at, LG_STR(">>")) &&
                 !(i != 0 && s.data[i - 1] == ')' &&
                   lg_str_starts(at, LG_STR(">>("))))
            lg_sb_char(&sb, ' ');
    }
    return sb.failed ? s : lg_sb_view(&sb);
}

static bool demangle_tree(const char *mangled, enum lg_demangle_mode mode,
                          bool arguments, struct lg_arena *arena,
                          struct lg_str *ret)
{
    int options = DMGL_ANSI | (arguments ? DMGL_PARAMS : 0);
    void *memory = NULL;
    node *tree = cplus_demangle_v3_components(mangled, options, &memory);
    bool ok = false;
    if (tree != NULL) {
        struct walker w = {.keeps_enclosing = mode == LG_DEMANGLE_FULL};
        lg_map_init(&w.seen, arena);
        walk(&w, tree, 0);
        ok = print(tree, options, arena, ret);
    }
    free(memory);
    if (ok)
        *ret = mode == LG_DEMANGLE_DEFAULT ? without_templates(*ret, arena)
                                           : with_spaces(*ret, arena);
    return ok;
}

/* A clone's suffix is never wanted; no other name has a dot. */
static const char *without_suffix(struct lg_str mangled, struct lg_arena *arena)
{
    return lg_str_cstr(arena, lg_str_cut_char(mangled, '.').head);
}

static bool demangle_itanium(struct lg_str mangled, enum lg_demangle_mode mode,
                             struct lg_arena *arena, struct lg_str *ret)
{
    const char *name = without_suffix(mangled, arena);
    return name != NULL &&
           demangle_tree(name, mode, mode == LG_DEMANGLE_FULL, arena, ret);
}

/* clang's blocks: "___Z3foov_block_invoke_2". */
static bool demangle_block(struct lg_str mangled, enum lg_demangle_mode mode,
                           struct lg_arena *arena, struct lg_str *ret)
{
    struct lg_cut cut = lg_str_rcut(mangled, LG_STR("_block_invoke"));
    struct lg_str name;
    struct lg_sb sb;
    if (!cut.found ||
        !demangle_itanium(lg_str_skip(cut.head, 2), mode, arena, &name))
        return false;
    (void)lg_str_after(cut.tail, LG_STR("_"), &cut.tail);
    while (cut.tail.len != 0 && cut.tail.data[0] >= '0' &&
           cut.tail.data[0] <= '9')
        cut.tail = lg_str_skip(cut.tail, 1);
    if (cut.tail.len != 0 && cut.tail.data[0] != '.')
        return false;
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, "invocation function for block in ");
    lg_sb_str(&sb, name);
    *ret = lg_sb_view(&sb);
    return !sb.failed;
}

/* "_GLOBAL__I__Z3foov": what runs before main. With arguments in all modes. */
static bool demangle_global(struct lg_str mangled, enum lg_demangle_mode mode,
                            struct lg_arena *arena, struct lg_str *ret)
{
    struct lg_str rest = lg_str_skip(mangled, strlen("_GLOBAL_")), key = rest;
    struct lg_sb sb;
    if (rest.len < 4 || strchr("._$", rest.data[0]) == NULL ||
        (rest.data[1] != 'I' && rest.data[1] != 'D') || rest.data[2] != '_')
        return false;
    struct lg_str inner = lg_str_skip(rest, 3);
    if (lg_str_starts(inner, LG_STR("_Z"))) {
        const char *name = without_suffix(inner, arena);
        if (name == NULL || !demangle_tree(name, mode, true, arena, &key))
            return false;
    }
    lg_sb_init(&sb, arena);
    lg_sb_fmt(&sb, "global %s keyed to ",
              rest.data[1] == 'I' ? "constructors" : "destructors");
    lg_sb_str(&sb, key); /* with its first letters, as pprof has it */
    *ret = lg_sb_view(&sb);
    return !sb.failed;
}

static bool demangle_rust(struct lg_str mangled, enum lg_demangle_mode mode,
                          struct lg_arena *arena, struct lg_str *ret)
{
    struct printer p;
    const char *name = lg_str_cstr(arena, lg_str_cut_char(mangled, '.').head);
    lg_sb_init(&p.sb, arena);
    if (name == NULL || setjmp(p.full) != 0 ||
        !rust_demangle_callback(name, 0, take_piece, &p) || p.sb.failed)
        return false;
    *ret = lg_sb_view(&p.sb);
    if (mode == LG_DEMANGLE_DEFAULT)
        lg_demangle_empty_generics(ret, p.sb.data);
    return true;
}

typedef bool demangle_fn(struct lg_str mangled, enum lg_demangle_mode mode,
                         struct lg_arena *arena, struct lg_str *ret);

bool lg_demangle(struct lg_str mangled, enum lg_demangle_mode mode,
                 struct lg_arena *arena, struct lg_str *ret)
{
    static const struct {
        struct lg_str prefix;
        demangle_fn *fn;
    } forms[] = {
        {LG_STR("_R"), demangle_rust},
        {LG_STR("_Z"), demangle_itanium},
        {LG_STR("___Z"), demangle_block},
        {LG_STR("_GLOBAL_"), demangle_global},
    };
    if (mode == LG_DEMANGLE_NONE || mangled.len < 2 || mangled.data[0] != '_')
        return false;
    if (lg_demangle_old_rust(mangled, arena, ret))
        return true;
    for (size_t i = 0; i < LG_COUNT(forms); i++)
        if (lg_str_starts(mangled, forms[i].prefix))
            return forms[i].fn(mangled, mode, arena, ret);
    return false;
}

typedef unsigned char bytes16 __attribute__((vector_size(16)));

/* One of < > : [ ]: few names have any. */
static bool has_bracket(struct lg_str s)
{
    bytes16 found = {0};
    uint64_t parts[2];
    for (size_t at = 0; at < s.len; at += sizeof found) {
        size_t left = s.len - at;
        bytes16 b = {0};
        if (left >= sizeof b)
            memcpy(&b, s.data + at, sizeof b);
        else
            memcpy(&b, s.data + at, left);
        found |= (bytes16)((b == '<') | (b == '>') | (b == ':') | (b == '[') |
                           (b == ']'));
    }
    memcpy(parts, &found, sizeof parts);
    return (parts[0] | parts[1]) != 0;
}

/* Might be C++, demangled already. Java's "class.<init>" and Go's
 * "(*T[...]).M" are not. */
static bool looks_like_cpp(struct lg_str s)
{
    bool brackets = false;
    if (!has_bracket(s))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i], next = i + 1 < s.len ? s.data[i + 1] : '\0';
        if (c == '.' && next == '<')
            return false;
        if (c == ']' && next == ')' && i + 2 < s.len && s.data[i + 2] == '.')
            return false;
        brackets = brackets || c == '<' || c == '>' || c == '[' || c == ']' ||
                   (c == ':' && next == ':');
    }
    return brackets;
}

/* Takes what is between open and close out, as far as they pair. */
static struct lg_str without_pairs(struct lg_str s, char open, char close,
                                   struct lg_arena *arena)
{
    char *out = lg_new(arena, char, s.len + 1);
    size_t len = 0, first = 0;
    int depth = 0;
    if (out == NULL)
        return s;
    for (size_t i = 0; i < s.len; i++) {
        out[len++] = s.data[i];
        if (s.data[i] == open && depth++ == 0)
            first = len - 1;
        if (s.data[i] != close)
            continue;
        if (depth == 0) { /* no pair: the rest stays as it is */
            memcpy(out + len, s.data + i + 1, s.len - i - 1);
            return lg_str_from(out, len + s.len - i - 1);
        }
        if (--depth == 0)
            len = first;
    }
    return lg_str_from(out, len);
}

struct lg_str lg_demangle_shown(struct lg_str symbol,
                                enum lg_demangle_mode mode,
                                struct lg_arena *arena)
{
    struct lg_str name;
    if (mode == LG_DEMANGLE_NONE || symbol.len == 0)
        return symbol;
    if (symbol.data[0] == '_' &&
        /* Apple's compilers put one more "_" in front. */
        (lg_demangle(symbol, mode, arena, &name) ||
         lg_demangle(lg_str_skip(symbol, 1), mode, arena, &name)))
        return name;
    if (mode == LG_DEMANGLE_FULL || !looks_like_cpp(symbol))
        return symbol;
    symbol = without_pairs(symbol, '(', ')', arena);
    return mode == LG_DEMANGLE_DEFAULT ? without_pairs(symbol, '<', '>', arena)
                                       : symbol;
}
