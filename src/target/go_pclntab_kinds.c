/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each release of Go numbers the functions that its unwinder treats specially
 * anew. Source: Go 1.17–1.20: runtime/symtab.go funcID; Go 1.21–1.27:
 * internal/abi/symtab.go FuncID.
 */
#include "target/go_pclntab_internal.h"

#include "base/vec.h"

/* jmpdefer stands between: only 1.17 has it. */
#define FROM_GOEXIT                                                            \
    LG_FUNC_GOEXIT, /* gogo */ LG_FUNC_OTHER, LG_FUNC_GOPANIC,                 \
        LG_FUNC_HANDLE_ASYNC_EVENT
#define FROM_MCALL                                                             \
    LG_FUNC_MCALL, LG_FUNC_MORESTACK, LG_FUNC_MSTART,                          \
        /* panicwrap */ LG_FUNC_OTHER, LG_FUNC_RT0
#define FROM_SIGPANIC                                                          \
    LG_FUNC_SIGPANIC, LG_FUNC_SYSTEMSTACK, LG_FUNC_SYSTEMSTACK_SWITCH,         \
        LG_FUNC_WRAPPER
#define TO_CGOCALLBACK                                                         \
    LG_FUNC_NORMAL, /* abort */ LG_FUNC_OTHER, LG_FUNC_ASMCGOCALL,             \
        LG_FUNC_ASYNC_PREEMPT, LG_FUNC_CGOCALLBACK
#define DEBUG_AND_MARK LG_FUNC_DEBUG_CALL, LG_FUNC_GC_BG_MARK_WORKER

static const uint8_t kinds_17[] = {
    TO_CGOCALLBACK, DEBUG_AND_MARK,  FROM_GOEXIT,          LG_FUNC_OTHER,
    FROM_MCALL,     LG_FUNC_RUNFINQ, LG_FUNC_RUNTIME_MAIN, FROM_SIGPANIC,
};
static const uint8_t kinds_18[] = {
    TO_CGOCALLBACK,  DEBUG_AND_MARK,       FROM_GOEXIT,   FROM_MCALL,
    LG_FUNC_RUNFINQ, LG_FUNC_RUNTIME_MAIN, FROM_SIGPANIC,
};
static const uint8_t kinds_22[] = {
    TO_CGOCALLBACK, LG_FUNC_COROSTART, DEBUG_AND_MARK,       FROM_GOEXIT,
    FROM_MCALL,     LG_FUNC_RUNFINQ,   LG_FUNC_RUNTIME_MAIN, FROM_SIGPANIC,
};
static const uint8_t kinds_25[] = {
    TO_CGOCALLBACK,
    LG_FUNC_COROSTART,
    DEBUG_AND_MARK,
    FROM_GOEXIT,
    FROM_MCALL,
    LG_FUNC_RUNTIME_MAIN,
    /* finalizers */ LG_FUNC_RUNFINQ,
    /* cleanups */ LG_FUNC_RUNFINQ,
    FROM_SIGPANIC,
};

static const struct {
    uint16_t since_minor;
    uint8_t count;
    const uint8_t *kinds;
} by_version[] = {
    {25, LG_COUNT(kinds_25), kinds_25},
    {22, LG_COUNT(kinds_22), kinds_22},
    {18, LG_COUNT(kinds_18), kinds_18},
    {17, LG_COUNT(kinds_17), kinds_17},
};

static uint16_t minor_of(const struct lg_go_pclntab *t)
{
    if (t->go_minor != 0)
        return t->go_minor;
    if (t->minor_form == 20)
        return 27; /* the newest of those with this form */
    return t->minor_form == 16 ? 17 : t->minor_form;
}

enum lg_go_func_kind lg_pcln_kind(const struct lg_go_pclntab *t, uint8_t id)
{
    uint16_t minor = minor_of(t);
    for (size_t i = 0; i < LG_COUNT(by_version); i++) {
        if (minor >= by_version[i].since_minor)
            return id < by_version[i].count
                       ? (enum lg_go_func_kind)by_version[i].kinds[id]
                       : LG_FUNC_OTHER;
    }
    return id == 0 ? LG_FUNC_NORMAL : LG_FUNC_OTHER;
}
