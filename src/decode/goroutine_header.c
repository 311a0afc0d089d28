/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/goroutine_header.h"

#include <string.h>

#define MINUTE_NS UINT64_C(60000000000)

/* Index of the first `close` outside of double quotes, where a backslash takes
 * the next byte along; -1 when there is none. Labels may hold anything. */
static ptrdiff_t find_unquoted(struct lg_str s, char close)
{
    bool quoted = false;
    for (size_t i = 0; i < s.len; i++) {
        if (quoted && s.data[i] == '\\')
            i++;
        else if (s.data[i] == '"')
            quoted = !quoted;
        else if (!quoted && s.data[i] == close)
            return (ptrdiff_t)i;
    }
    return -1;
}

/* "select (no cases) (leaked) (durable)": the marks behind the wait. Go 1.24
 * said (synctest) for what 1.25 calls (durable): a wait in a test's bubble. */
static struct lg_str without_marks(struct lg_str state, bool *leaked_ret)
{
    static const struct lg_str marks[] = {
        LG_STR(" (leaked)"),
        LG_STR(" (scan)"),
        LG_STR(" (durable)"),
        LG_STR(" (synctest)"),
    };
    for (size_t i = 0; i < LG_COUNT(marks); i++) {
        if (!lg_str_ends(state, marks[i]))
            continue;
        if (i == 0)
            *leaked_ret = true;
        state.len -= marks[i].len;
        i = (size_t)-1; /* once more: there may be several */
    }
    return state;
}

/* "5 minutes", "locked to thread", "synctest bubble 3". */
static void header_part(struct lg_str part, struct lg_goroutine *ret)
{
    uint64_t minutes;
    if (lg_str_eq(part, LG_STR("locked to thread"))) {
        ret->locked_to_thread = true;
    } else if (lg_str_take_u64(&part, &minutes) &&
               lg_str_eq(part, LG_STR(" minutes")) &&
               minutes <= UINT64_MAX / MINUTE_NS) {
        ret->wait_ns = minutes * MINUTE_NS;
    }
}

/* What stands between the brackets. */
static void header_state(struct lg_str text, struct lg_goroutine *ret)
{
    struct lg_cut labels = lg_str_cut(text, LG_STR(" labels:{"));
    if (labels.found) { /* Go 1.26 */
        struct lg_str inner = labels.tail;
        inner.len -= lg_str_ends(inner, LG_STR("}"));
        ret->labels = inner;
        text = labels.head;
    }
    struct lg_cut cut = lg_str_cut(text, LG_STR(", "));
    ret->state = without_marks(cut.head, &ret->leaked);
    while (cut.found) {
        cut = lg_str_cut(cut.tail, LG_STR(", "));
        header_part(cut.head, ret);
    }
}

/* Behind the bracket: ":" or, since Go 1.27, " {k: v, …}:". */
static bool header_end(struct lg_str rest, struct lg_goroutine *ret)
{
    if (lg_str_after(rest, LG_STR(" {"), &rest)) {
        ptrdiff_t close = find_unquoted(rest, '}');
        if (close < 0)
            return false;
        ret->labels = lg_str_first(rest, (size_t)close);
        rest = lg_str_skip(rest, (size_t)close + 1);
    }
    return lg_str_eq(rest, LG_STR(":"));
}

bool lg_goroutine_header(struct lg_str line, struct lg_goroutine *ret)
{
    struct lg_goroutine g = {.count = 1};
    if (!lg_str_after(line, LG_STR("goroutine "), &line) ||
        !lg_str_take_u64(&line, &g.id))
        return false;
    ptrdiff_t open = lg_str_find_char(line, '[');
    /* Between: nothing, or " gp=0xc000 m=0 mp=0x58" since Go 1.22. */
    if (open < 1 || line.data[open - 1] != ' ' ||
        (open > 1 && !lg_str_starts(line, LG_STR(" gp="))))
        return false;
    line = lg_str_skip(line, (size_t)open + 1);
    ptrdiff_t close = find_unquoted(line, ']');
    if (close < 0 || !header_end(lg_str_skip(line, (size_t)close + 1), &g))
        return false;
    header_state(lg_str_first(line, (size_t)close), &g);
    *ret = g;
    return true;
}

bool lg_goroutine_call(struct lg_str line, struct lg_str *function_ret)
{
    if (line.len < 3 || line.data[line.len - 1] != ')')
        return false;
    /* Arguments hold braces, never parentheses; receivers do. */
    const char *open = memrchr(line.data, '(', line.len);
    if (open == NULL || open == line.data)
        return false;
    *function_ret = lg_str_first(line, (size_t)(open - line.data));
    return true;
}

bool lg_goroutine_place(struct lg_str line, struct lg_frame *frame_ret,
                        struct lg_str *rest_ret)
{
    if (line.len < 4 || line.data[0] != '\t')
        return false;
    /* What follows the number (" +0x1d fp=0x… pc=0x…") has no colon. */
    const char *colon = memrchr(line.data, ':', line.len);
    if (colon == NULL || colon == line.data + 1)
        return false;
    struct lg_str rest = lg_str_skip(line, (size_t)(colon + 1 - line.data));
    uint64_t number;
    if (!lg_str_take_u64(&rest, &number) ||
        (rest.len != 0 && rest.data[0] != ' '))
        return false;
    frame_ret->file =
        lg_str_from(line.data + 1, (size_t)(colon - line.data - 1));
    frame_ret->line = number <= UINT32_MAX ? (uint32_t)number : 0;
    *rest_ret = rest;
    return true;
}

bool lg_goroutine_creator(struct lg_str line, struct lg_str *function_ret,
                          uint64_t *id_ret)
{
    uint64_t id = 0;
    if (!lg_str_after(line, LG_STR("created by "), &line) || line.len == 0)
        return false;
    struct lg_cut cut = lg_str_rcut(line, LG_STR(" in goroutine "));
    if (cut.found && lg_str_u64(cut.tail, &id))
        line = cut.head;
    *function_ret = line;
    *id_ret = id;
    return true;
}

bool lg_goroutine_elided(struct lg_str line, uint64_t *count_ret)
{
    if (!lg_str_after(line, LG_STR("..."), &line))
        return false;
    if (lg_str_eq(line, LG_STR("additional frames elided..."))) {
        *count_ret = UINT64_MAX;
        return true;
    }
    uint64_t count;
    if (!lg_str_take_u64(&line, &count) ||
        !lg_str_eq(line, LG_STR(" frames elided...")))
        return false;
    *count_ret = count;
    return true;
}
