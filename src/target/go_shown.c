/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_shown.h"

/* Where methods of unexported types of the runtime began to be hidden. */
#define RECEIVERS_MINOR 23
/* Where runFinalizers and runCleanups began to be shown. */
#define FINALIZERS_MINOR 25

static bool is_upper(struct lg_str s)
{
    return s.len != 0 && s.data[0] >= 'A' && s.data[0] <= 'Z';
}

static bool since(uint16_t go_minor, uint16_t minor)
{
    return go_minor == 0 || go_minor >= minor; /* 0: a development version */
}

/* name: behind "runtime.". "(*Func).Entry", "GC", "traceback". */
static bool is_exported(struct lg_str name, uint16_t go_minor)
{
    if (!since(go_minor, RECEIVERS_MINOR))
        return is_upper(name);
    struct lg_cut cut = lg_str_rcut_char(name, '.');
    if (!cut.found)
        return is_upper(name);
    struct lg_str receiver = cut.head;
    if (receiver.len >= 3 && lg_str_starts(receiver, LG_STR("(*")) &&
        lg_str_ends(receiver, LG_STR(")")))
        receiver = lg_str_from(receiver.data + 2, receiver.len - 3);
    return is_upper(cut.tail) && (receiver.len == 0 || is_upper(receiver));
}

/* Of the kinds that have no name of their own, a wrapper calls panicwrap. */
bool lg_go_is_elided(enum lg_go_func_kind kind, enum lg_go_func_kind callee)
{
    return kind == LG_FUNC_WRAPPER && callee != LG_FUNC_GOPANIC &&
           callee != LG_FUNC_SIGPANIC && callee != LG_FUNC_OTHER;
}

bool lg_go_is_shown(const struct lg_go_shown_line *line,
                    enum lg_go_func_kind callee, bool is_first,
                    uint16_t go_minor)
{
    struct lg_str rest;
    if (lg_go_is_elided(line->kind, callee))
        return false;
    if (line->kind == LG_FUNC_RUNFINQ && since(go_minor, FINALIZERS_MINOR))
        return true;
    if (lg_str_eq(line->function, LG_STR("runtime.gopanic")))
        return !is_first;
    if (lg_str_after(line->function, LG_STR("runtime."), &rest))
        return is_exported(rest, go_minor);
    return lg_str_find_char(line->function, '.') >= 0;
}

uint32_t lg_go_shown_count(struct lg_go_symbols *s, uint64_t pc)
{
    const struct lg_go_place *place = lg_go_symbols_place(s, pc);
    return place != NULL ? place->shown_count : 0;
}

enum lg_go_start lg_go_start_of(const struct lg_go *go, uint64_t start_pc)
{
    const struct lg_go_module *module = lg_go_module_find(go, start_pc);
    struct lg_go_func f;
    if (module == NULL || !lg_go_func_at(&module->table, start_pc, &f))
        return LG_START_USER;
    if (f.kind == LG_FUNC_RUNTIME_MAIN || f.kind == LG_FUNC_COROSTART ||
        f.kind == LG_FUNC_HANDLE_ASYNC_EVENT)
        return LG_START_USER;
    struct lg_str name = lg_go_func_name(&f);
    if (f.kind == LG_FUNC_RUNFINQ)
        return lg_str_eq(name, LG_STR("runtime.runCleanups"))
                   ? LG_START_CLEANUPS
                   : LG_START_FINALIZERS;
    return lg_str_starts(name, LG_STR("runtime.")) ? LG_START_SYSTEM
                                                   : LG_START_USER;
}
