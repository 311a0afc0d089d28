/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which function names which variable. A struct is named through its fields:
 * each operand votes for the places where the struct would begin; what most
 * fields speak for and the checks believe is it. Stable over Go 1.19 … 1.27, as
 * compared with the symbols of the same binaries.
 */
#include "target/go_code.h"

#include "target/go_pclntab_internal.h"

enum fn {
    FN_ALLGADD,
    FN_SCHEDTRACE,
    FN_CHECKMCOUNT,
    FN_MCOMMONINIT,
    FN_PROCRESIZE,
    FN_GC_SWEEP,
    FN_MALLOCINIT,
    FN_GC_MARK_TERMINATION,
    FN_GC_START,
    FN_GC_COMMIT,
    FN_STKBUCKET,
    FN_MPROF_FLUSH,
    FN_SCHEDINIT,
    FN_PROFILEALLOC,
    FN_INIT,
    FN_SEMACQUIRE1,
    FN_QUEUEFINALIZER,
    FN_MARKROOT,
    FN_WAIT_REASON,
    FN_RT0_GO,
    FN_TICKS,
    FN_TICKS_21,
    FN_COUNT,
};

static const char *const fn_names[FN_COUNT] = {
    [FN_ALLGADD] = "runtime.allgadd",
    [FN_SCHEDTRACE] = "runtime.schedtrace",
    [FN_CHECKMCOUNT] = "runtime.checkmcount",
    [FN_MCOMMONINIT] = "runtime.mcommoninit",
    [FN_PROCRESIZE] = "runtime.procresize",
    [FN_GC_SWEEP] = "runtime.gcSweep",
    [FN_MALLOCINIT] = "runtime.mallocinit",
    [FN_GC_MARK_TERMINATION] = "runtime.gcMarkTermination",
    [FN_GC_START] = "runtime.gcStart",
    [FN_GC_COMMIT] = "runtime.gcControllerCommit",
    [FN_STKBUCKET] = "runtime.stkbucket",
    [FN_MPROF_FLUSH] = "runtime.mProf_Flush",
    [FN_SCHEDINIT] = "runtime.schedinit",
    [FN_PROFILEALLOC] = "runtime.profilealloc",
    [FN_INIT] = "runtime.init",
    [FN_SEMACQUIRE1] = "runtime.semacquire1",
    [FN_QUEUEFINALIZER] = "runtime.queuefinalizer",
    [FN_MARKROOT] = "runtime.markroot",
    [FN_WAIT_REASON] = "runtime.waitReason.String",
    [FN_RT0_GO] = "runtime.rt0_go",
    [FN_TICKS] = "runtime.ticksPerSecond",
    [FN_TICKS_21] = "runtime.tickspersecond", /* ≤ 1.21 */
};

/* The linker keeps a package's functions together, and the runtime's among the
 * first: so many others in a row, and it is over. */
#define STRANGERS_MAX 4096

struct code {
    struct lg_go_finder *f;
    struct lg_go *go;
    struct lg_go_func funcs[FN_COUNT];
    bool has[FN_COUNT];
    enum fn loaded; /* whose operands are there; FN_COUNT: none's */
    size_t count;
    struct lg_go_operand operands[LG_GO_OPERANDS_MAX];
};

/* Wrappers share their function's name: the longer one has the code. */
static void take_func(struct code *c, const struct lg_go_func *func,
                      const char *name)
{
    for (int i = 0; i < FN_COUNT; i++) {
        if (strcmp(name, fn_names[i]) != 0)
            continue;
        if (!c->has[i] ||
            func->end - func->entry > c->funcs[i].end - c->funcs[i].entry)
            c->funcs[i] = *func;
        c->has[i] = true;
        return;
    }
}

static void find_funcs(struct code *c)
{
    const struct lg_go_pclntab *t = &c->go->modules.items[0].table;
    char name[32]; /* the wanted ones are shorter */
    size_t strangers = 0;
    struct lg_go_func func;
    bool begun = false;
    for (uint64_t i = 0; i < t->func_count; i++) {
        if (!lg_go_func_index(t, i, &func))
            continue;
        uint64_t at = t->names_at +
                      lg_pcln_u32(t->bytes, func.at + lg_pcln_shape(t)->name);
        struct lg_str text =
            lg_str_first(lg_str_skip(t->bytes, at), sizeof name - 1);
        if (!lg_str_starts(text, LG_STR("runtime."))) {
            if (begun && ++strangers > STRANGERS_MAX)
                return;
            continue;
        }
        begun = true;
        strangers = 0;
        memcpy(name, text.data, text.len);
        name[text.len] = '\0';
        take_func(c, &func, name);
    }
}

static void load(struct code *c, enum fn fn)
{
    if (c->loaded == fn)
        return;
    c->loaded = fn;
    c->count =
        c->has[fn] ? lg_go_code_operands(c->f, &c->funcs[fn], c->operands) : 0;
}

static void take_var(struct code *c, enum lg_go_var var, uint64_t address)
{
    if (c->go->vars[var] != 0 ||
        lg_go_check_var(c->go, var, address) == LG_FIT_NO)
        return;
    c->go->vars[var] = address;
    c->go->vars_how[var] = LG_HOW_CODE;
}

/* Not a field is named, but the variable itself, or words of it: of a slice
 * three. */
#define SELF LG_GO_FIELD_COUNT
#define WORD_1 (LG_GO_FIELD_COUNT + 1)
#define WORD_2 (LG_GO_FIELD_COUNT + 2)
#define FIELDS_MAX 9

struct rule {
    enum lg_go_var var;
    enum fn functions[2]; /* one after the other until it is found */
    int fields[FIELDS_MAX];
    size_t field_count;
    uint32_t least_votes; /* to be believed while the check cannot tell, for
                             the runtime has only begun; fields, or of one
                             field operands */
};

#define FIELDS(...)                                                            \
    .fields = {__VA_ARGS__},                                                   \
    .field_count = sizeof((int[]){__VA_ARGS__}) / sizeof(int)

static const struct rule rules[] = {
    {LG_VAR_ALLGS,
     {FN_ALLGADD, FN_COUNT},
     FIELDS(SELF, WORD_1, WORD_2),
     .least_votes = 3},
    {LG_VAR_ALLM,
     {FN_MCOMMONINIT, FN_SCHEDTRACE},
     FIELDS(SELF),
     .least_votes = 3},
    {LG_VAR_ALLP,
     {FN_PROCRESIZE, FN_SCHEDTRACE},
     FIELDS(SELF, WORD_1, WORD_2),
     .least_votes = 3},
    {LG_VAR_MHEAP,
     {FN_GC_SWEEP, FN_MALLOCINIT},
     FIELDS(SELF),
     .least_votes = 3},
    {LG_VAR_GC_CONTROLLER,
     {FN_GC_COMMIT, FN_GC_START},
     FIELDS(SELF),
     .least_votes = 3},
    {LG_VAR_WAIT_REASONS,
     {FN_WAIT_REASON, FN_COUNT},
     FIELDS(SELF),
     .least_votes = UINT32_MAX},
    {LG_VAR_G0, {FN_RT0_GO, FN_COUNT}, FIELDS(SELF), .least_votes = 3},
    {LG_VAR_M0, {FN_RT0_GO, FN_COUNT}, FIELDS(SELF), .least_votes = UINT32_MAX},
    {LG_VAR_SCHED,
     {FN_SCHEDTRACE, FN_CHECKMCOUNT},
     FIELDS(LG_SCHED_NMIDLE, LG_SCHED_NMIDLELOCKED, LG_SCHED_NPIDLE,
            LG_SCHED_NMSPINNING, LG_SCHED_MNEXT, LG_SCHED_NMFREED,
            LG_SCHED_GCWAITING, LG_SCHED_MAXMCOUNT),
     .least_votes = 3},
    {LG_VAR_MEMSTATS,
     {FN_GC_MARK_TERMINATION, FN_COUNT},
     FIELDS(LG_MSTATS_NUMGC, LG_MSTATS_NUMFORCEDGC, LG_MSTATS_PAUSE_TOTAL_NS,
            LG_MSTATS_PAUSE_NS, LG_MSTATS_PAUSE_END, LG_MSTATS_LAST_GC_UNIX,
            LG_MSTATS_LAST_GC_NANOTIME, LG_MSTATS_GC_CPU_FRACTION),
     .least_votes = 3},
    {LG_VAR_WORK,
     {FN_GC_MARK_TERMINATION, FN_GC_START},
     FIELDS(LG_WORK_T_SWEEP_TERM, LG_WORK_T_MARK, LG_WORK_T_MARK_TERM,
            LG_WORK_T_END, LG_WORK_HEAP0, LG_WORK_HEAP1, LG_WORK_HEAP2,
            LG_WORK_USER_FORCED),
     .least_votes = 3},
};

/* How far into the variable a field lies, and whether an operand reads or
 * writes the whole of it. */
static bool place_of(const struct lg_go_layout *l, int field, uint8_t bytes,
                     uint64_t *ret)
{
    if (field >= SELF) {
        *ret = (uint64_t)(field - SELF) * 8;
        return true;
    }
    *ret = (uint64_t)l->offset[field];
    return lg_go_has(l, (enum lg_go_field)field) &&
           (bytes == 0 || bytes == l->width[field] || bytes == 16);
}

/* Operands times fields, different ones; the rest has one vote each. */
#define CANDIDATES_MAX 1024

struct candidate {
    uint64_t address;
    uint32_t fields; /* a bit for each that speaks for it; 0: done with */
    uint32_t operands;
};

static size_t vote(struct candidate *all, size_t count, uint64_t address,
                   size_t field)
{
    size_t i = 0;
    while (i < count && all[i].address != address)
        i++;
    if (i == CANDIDATES_MAX)
        return count;
    if (i == count)
        all[count++] = (struct candidate){.address = address};
    all[i].fields |= 1u << field;
    all[i].operands++;
    return count;
}

static size_t candidates_of(struct code *c, const struct rule *rule,
                            struct candidate *all)
{
    size_t count = 0;
    uint64_t place;
    for (size_t i = 0; i < c->count; i++) {
        const struct lg_go_operand *o = &c->operands[i];
        for (size_t k = 0; k < rule->field_count; k++) {
            if (place_of(c->go->layout, rule->fields[k], o->bytes, &place) &&
                (o->address - place) % 8 == 0)
                count = vote(all, count, o->address - place, k);
        }
    }
    return count;
}

static uint32_t votes_of(const struct rule *rule, const struct candidate *c)
{
    return rule->field_count > 1 ? (uint32_t)__builtin_popcount(c->fields)
                                 : c->operands;
}

/* NULL: none is left. */
static struct candidate *most_voted(const struct rule *rule,
                                    struct candidate *all, size_t count)
{
    struct candidate *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (all[i].fields == 0)
            continue;
        uint32_t votes = votes_of(rule, &all[i]);
        uint32_t most = best != NULL ? votes_of(rule, best) : 0;
        if (votes > most || (votes == most && all[i].operands > best->operands))
            best = &all[i];
    }
    return best;
}

static bool apply(struct code *c, const struct rule *rule)
{
    static _Thread_local struct candidate all[CANDIDATES_MAX];
    size_t count = candidates_of(c, rule, all);
    const struct candidate *first = most_voted(rule, all, count);
    uint64_t maybe = 0;
    /* Many fields speak for one place: what few speak for is chance. */
    uint32_t least = rule->field_count > 3 && first != NULL
                         ? votes_of(rule, first) / 2 + 1
                         : 1;
    for (struct candidate *n; (n = most_voted(rule, all, count)) != NULL;) {
        uint32_t votes = votes_of(rule, n);
        if (votes < least)
            break;
        enum lg_go_fit fit = lg_go_check_var(c->go, rule->var, n->address);
        n->fields = 0;
        if (fit == LG_FIT_YES) {
            take_var(c, rule->var, n->address);
            return true;
        }
        if (fit == LG_FIT_UNKNOWN && maybe == 0 && votes >= rule->least_votes)
            maybe = n->address;
    }
    if (maybe != 0)
        take_var(c, rule->var, maybe);
    return maybe != 0;
}

static void apply_rules(struct code *c)
{
    for (size_t i = 0; i < LG_COUNT(rules); i++) {
        for (size_t k = 0; k < LG_COUNT(rules[i].functions); k++) {
            enum fn fn = rules[i].functions[k];
            if (fn == FN_COUNT || c->go->vars[rules[i].var] != 0)
                break;
            load(c, fn);
            if (apply(c, &rules[i]))
                break;
        }
    }
}

static bool is_accessed(const struct code *c, uint64_t address,
                        enum lg_go_access access, uint8_t bytes)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct lg_go_operand *o = &c->operands[i];
        if (o->address == address && o->access == access && o->bytes == bytes)
            return true;
    }
    return false;
}

/* stkbucket takes the addresses of mbuckets, xbuckets and bbuckets, in this
 * order; also buckhash's, which it reads before. */
static void find_buckets(struct code *c)
{
    static const enum lg_go_var order[] = {LG_VAR_MBUCKETS, LG_VAR_XBUCKETS,
                                           LG_VAR_BBUCKETS};
    const struct lg_go_module *m = &c->go->modules.items[0];
    uint64_t found[LG_COUNT(order)] = {0};
    size_t count = 0;
    load(c, FN_STKBUCKET);
    for (size_t i = 0; i < c->count && count < LG_COUNT(order); i++) {
        uint64_t at = c->operands[i].address;
        bool is_new = c->operands[i].access == LG_ACCESS_ADDRESS &&
                      at >= m->bss && at < m->ebss &&
                      !is_accessed(c, at, LG_ACCESS_LOAD, 8);
        for (size_t k = 0; k < count; k++)
            is_new = is_new && found[k] != at;
        if (is_new)
            found[count++] = at;
    }
    for (size_t k = 0; k < LG_COUNT(order) && count == LG_COUNT(order); k++)
        take_var(c, order[k], found[k]);
}

/* `if disableMemoryProfiling { MemProfileRate = 0 }`; Go 1.19: where
 * MemProfileRate gets its first value. */
static void find_switch(struct code *c, enum fn fn, bool is_zero)
{
    load(c, fn);
    for (size_t i = 0; i + 1 < c->count; i++) {
        const struct lg_go_operand *test = &c->operands[i], *set = test + 1;
        bool is_test = test->bytes == 1 && test->access != LG_ACCESS_STORE &&
                       test->access != LG_ACCESS_ADDRESS;
        if (!is_test || set->access != LG_ACCESS_STORE || set->bytes != 8 ||
            (is_zero && !set->is_zero) ||
            (!is_zero && set->address != c->go->vars[LG_VAR_MEM_PROFILE_RATE]))
            continue;
        take_var(c, LG_VAR_DISABLE_MEM_PROFILING, test->address);
        take_var(c, LG_VAR_MEM_PROFILE_RATE, set->address);
        return;
    }
}

static void find_rate(struct code *c)
{
    find_switch(c, FN_SCHEDINIT, true);
    if (c->go->vars[LG_VAR_MEM_PROFILE_RATE] == 0) {
        load(c, FN_PROFILEALLOC); /* mcache0, then it */
        if (c->count != 0)
            take_var(c, LG_VAR_MEM_PROFILE_RATE,
                     c->operands[c->count - 1].address);
    }
    if (c->go->vars[LG_VAR_DISABLE_MEM_PROFILING] == 0)
        find_switch(c, FN_INIT, false);
}

static void find_first(struct code *c, enum lg_go_var var, enum fn fn,
                       enum lg_go_access access, uint8_t bytes)
{
    load(c, fn);
    for (size_t i = 0; i < c->count; i++) {
        if (c->operands[i].access != access || c->operands[i].bytes != bytes)
            continue;
        take_var(c, var, c->operands[i].address);
        return;
    }
}

/* Of the finalizers' lists, queuefinalizer writes three, and a collection's
 * marking reads one: all of them. */
static void find_allfin(struct code *c)
{
    uint64_t written[LG_GO_OPERANDS_MAX];
    size_t count = 0;
    load(c, FN_QUEUEFINALIZER);
    for (size_t i = 0; i < c->count; i++) {
        if (c->operands[i].access == LG_ACCESS_STORE &&
            c->operands[i].bytes == 8)
            written[count++] = c->operands[i].address;
    }
    load(c, FN_MARKROOT);
    for (size_t i = 0; i < count; i++) {
        if (is_accessed(c, written[i], LG_ACCESS_LOAD, 8))
            take_var(c, LG_VAR_ALLFIN, written[i]);
    }
}

void lg_go_find_in_code(struct lg_go_finder *f)
{
    static _Thread_local struct code c;
    struct lg_go *go = f->go;
    if (!lg_go_is_missing_some(go) || go->image->machine != LG_AMD64)
        return;
    c = (struct code){.f = f, .go = go, .loaded = FN_COUNT};
    find_funcs(&c);
    apply_rules(&c);
    load(&c, FN_RT0_GO);
    if (c.count != 0) /* `m0.g0 = &g0` while the checks have nothing to see */
        take_var(&c, LG_VAR_M0, c.operands[c.count - 1].address);
    find_buckets(&c);
    find_rate(&c);
    find_first(&c, LG_VAR_MPROF_CYCLE, FN_MPROF_FLUSH, LG_ACCESS_LOAD, 4);
    find_first(&c, LG_VAR_SEMTABLE, FN_SEMACQUIRE1, LG_ACCESS_ADDRESS, 0);
    find_allfin(&c);
    enum fn ticks = c.has[FN_TICKS] ? FN_TICKS : FN_TICKS_21;
    find_first(&c, LG_VAR_TICKS_PER_SECOND, ticks, LG_ACCESS_ADDRESS, 0);
}
