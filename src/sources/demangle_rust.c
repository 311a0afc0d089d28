/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/demangle.h"

#include "base/sb.h"
#include "base/vec.h"

/* Before its own scheme, Rust used that of C++, with a hash at the end:
 *
 *     _ZN4core3fmt5write17h0123456789abcdefE   core::fmt::write
 *
 * and "$LT$" and the like in its identifiers. */
#define HASH_BYTES 16
#define TAIL_BYTES (sizeof "17h" - 1 + HASH_BYTES + sizeof "E" - 1)
/* A name of C++ could end so by chance; a hash has more different digits. */
#define LEAST_DIGITS 5

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hash(struct lg_str digits)
{
    unsigned seen = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = hex_digit(digits.data[i]);
        if (digit < 0)
            return false;
        seen |= 1u << digit;
    }
    return __builtin_popcount(seen) >= LEAST_DIGITS;
}

/* "$LT$" and its like off *id; false: none of them. */
static bool take_escape(struct lg_str *id, struct lg_sb *sb)
{
    static const struct {
        struct lg_str code;
        char c;
    } codes[] = {
        {LG_STR("$C$"), ','},  {LG_STR("$SP$"), '@'}, {LG_STR("$BP$"), '*'},
        {LG_STR("$RF$"), '&'}, {LG_STR("$LT$"), '<'}, {LG_STR("$GT$"), '>'},
        {LG_STR("$LP$"), '('}, {LG_STR("$RP$"), ')'},
    };
    for (size_t i = 0; i < LG_COUNT(codes); i++)
        if (lg_str_after(*id, codes[i].code, id)) {
            lg_sb_char(sb, codes[i].c);
            return true;
        }
    if (id->len < 5 || id->data[1] != 'u' || id->data[4] != '$')
        return false;
    int high = hex_digit(id->data[2]), low = hex_digit(id->data[3]);
    if (high < 2 || high > 7 || low < 0)
        return false;
    lg_sb_char(sb, (char)(high << 4 | low));
    *id = lg_str_skip(*id, 5);
    return true;
}

static void add_identifier(struct lg_str id, struct lg_sb *sb)
{
    if (lg_str_starts(id, LG_STR("_$")))
        id = lg_str_skip(id, 1);
    while (id.len != 0) {
        if (id.data[0] == '$') {
            if (!take_escape(&id, sb)) {
                lg_sb_str(sb, id);
                return;
            }
        } else if (lg_str_after(id, LG_STR(".."), &id)) {
            lg_sb_cstr(sb, "::");
        } else {
            lg_sb_char(sb, id.data[0]);
            id = lg_str_skip(id, 1);
        }
    }
}

/* "5write" off *s. */
static bool take_identifier(struct lg_str *s, struct lg_str *ret)
{
    uint64_t len;
    if (!lg_str_take_u64(s, &len))
        return false;
    if (lg_str_after(*s, LG_STR("_"), s))
        len--;
    if (len > s->len)
        return false;
    *ret = lg_str_first(*s, (size_t)len);
    *s = lg_str_skip(*s, (size_t)len);
    return true;
}

bool lg_demangle_old_rust(struct lg_str s, struct lg_arena *arena,
                          struct lg_str *ret)
{
    struct lg_str id;
    struct lg_sb sb;
    struct lg_cut cut = lg_str_rcut(s, LG_STR("E."));
    if (cut.found && cut.head.len != 0)
        s.len = cut.head.len + 1; /* what the compiler appended */
    if (!lg_str_starts(s, LG_STR("_ZN")) || !lg_str_ends(s, LG_STR("E")) ||
        s.len <= sizeof "_ZN" - 1 + TAIL_BYTES)
        return false;
    struct lg_str tail = lg_str_skip(s, s.len - TAIL_BYTES);
    if (!lg_str_after(tail, LG_STR("17h"), &tail) ||
        !is_hash(lg_str_first(tail, HASH_BYTES)))
        return false;
    s = lg_str_skip(lg_str_first(s, s.len - TAIL_BYTES), sizeof "_ZN" - 1);
    lg_sb_init(&sb, arena);
    while (s.len != 0) {
        if (!take_identifier(&s, &id))
            return false;
        if (sb.len != 0)
            lg_sb_cstr(&sb, "::");
        add_identifier(id, &sb);
    }
    *ret = lg_sb_view(&sb);
    return !sb.failed;
}

/* Behind a name or "::" the arguments of something generic begin; elsewhere
 * "<T as Trait>". */
static bool begins_generics(struct lg_str before)
{
    if (before.len == 0)
        return false;
    char c = before.data[before.len - 1];
    return lg_str_ends(before, LG_STR("::")) || c == '_' || c == '}' ||
           c == '>' || (c >= '0' && c <= '9') ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

void lg_demangle_empty_generics(struct lg_str *name, char *data)
{
    size_t len = 0;
    int depth = 0;
    for (size_t i = 0; i < name->len; i++) {
        char c = data[i];
        bool is_arrow = c == '>' && i != 0 && data[i - 1] == '-';
        if (depth != 0) {
            depth += c == '<';
            depth -= c == '>' && !is_arrow;
            if (depth != 0)
                continue;
        } else if (c == '<' && begins_generics(lg_str_from(data, len))) {
            depth = 1;
        }
        data[len++] = c;
    }
    name->len = len;
}
