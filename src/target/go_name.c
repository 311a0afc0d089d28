/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_symbolise.h"

#include "base/sb.h"

/* Where Go 1.27 began to keep two pairs of brackets apart. */
#define TWO_PAIRS_MINOR 27

struct brackets { /* indices of the outermost pairs; two when second is set */
    size_t open, close, open2, close2;
    bool second;
};

/* From the first '[' to the last ']', as Go ≤ 1.26 does it. */
static bool widest(struct lg_str name, struct brackets *ret)
{
    ptrdiff_t open = lg_str_find_char(name, '[');
    ptrdiff_t close = lg_str_rfind_char(name, ']');
    if (open < 0 || close <= open)
        return false;
    *ret = (struct brackets){.open = (size_t)open, .close = (size_t)close};
    return true;
}

/* A generic method of a generic type, "T[int].M[string]", has two. false:
 * brackets that do not match; such a name is left alone.
 * Go 1.27: runtime/traceback.go, funcNamePiecesForPrint. */
static bool split(struct lg_str name, struct brackets *b)
{
    size_t depth = 1, close = 0;
    struct lg_str inner =
        lg_str_from(name.data + b->open + 1, b->close - b->open - 1);
    if (lg_str_find_char(inner, '[') < 0)
        return true;
    for (size_t i = b->open + 1; i < b->close; i++) {
        if (name.data[i] == ']') {
            if (depth == 0)
                return false;
            if (--depth == 0)
                close = i;
        } else if (name.data[i] == '[' && ++depth == 1) {
            b->second = true;
            b->open2 = i;
            b->close2 = b->close;
            b->close = close;
            return true;
        }
    }
    return depth == 1;
}

struct lg_str lg_go_name_shown(struct lg_str full, uint16_t go_minor,
                               struct lg_arena *arena)
{
    struct brackets b;
    struct lg_sb sb;
    bool two = go_minor == 0 || go_minor >= TWO_PAIRS_MINOR;
    if (!widest(full, &b) || (two && !split(full, &b)))
        return full;
    lg_sb_init(&sb, arena);
    lg_sb_str(&sb, lg_str_first(full, b.open));
    lg_sb_cstr(&sb, "[...]");
    if (b.second) {
        lg_sb_str(&sb,
                  lg_str_from(full.data + b.close + 1, b.open2 - b.close - 1));
        lg_sb_cstr(&sb, "[...]");
        b.close = b.close2;
    }
    lg_sb_str(&sb, lg_str_skip(full, b.close + 1));
    return sb.failed ? full : lg_sb_view(&sb);
}
