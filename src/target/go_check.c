/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each check asks for what always holds in a runtime and rarely by chance. On a
 * running target a few samples may be torn: one in ten may fail.
 */
#include "target/go_check.h"

#include "target/go_goroutines.h"

/* A goroutine takes at least 2 KiB of stack: 2^28 take 512 GiB. */
#define ALLGS_MAX ((uint64_t)1 << 28)
#define THREADS_LOOKED_AT 64
#define G_STATUS_MAX LG_STATUS_DEADEXTRA
#define G_SCAN 0x1000u
/* runtime.maxstacksize is 1 GB; the last doubling may pass it. */
#define STACK_BYTES_MAX ((uint64_t)4 << 30)
/* Linux: PID_MAX_LIMIT is 2^22. */
#define THREAD_ID_MAX ((uint64_t)1 << 30)
#define GOID_MAX ((uint64_t)1 << 48)

enum lg_go_fit lg_go_fit_of(struct lg_go_tally t)
{
    if (t.bad * 10 > t.good + t.bad)
        return LG_FIT_NO;
    return t.good != 0 ? LG_FIT_YES : LG_FIT_UNKNOWN;
}

bool lg_go_read_object(struct lg_go *go, uint64_t address,
                       enum lg_go_field size, uint8_t *object)
{
    int32_t bytes = go->layout->offset[size];
    return address != 0 && address % 8 == 0 && address < LG_GO_ADDRESS_MAX &&
           bytes > 0 && (size_t)bytes <= LG_GO_OBJECT_BYTES_MAX &&
           lg_image_read(go->image, address, object, (size_t)bytes);
}

bool lg_go_is_code(struct lg_go *go, uint64_t pc)
{
    return lg_go_module_find(go, pc) != NULL;
}

static bool is_parked_well(struct lg_go *go, uint64_t address, const uint8_t *g)
{
    uint64_t lo = lg_go_get(go, g, LG_G_STACK_LO);
    uint64_t hi = lg_go_get(go, g, LG_G_STACK_HI);
    uint64_t self = lg_go_get(go, g, LG_G_SCHED_G);
    uint64_t start = lg_go_get(go, g, LG_G_STARTPC);
    uint64_t creator = lg_go_get(go, g, LG_G_GOPC);
    return lo < hi && hi - lo <= STACK_BYTES_MAX &&
           (self == address || self == 0) &&
           (start == 0 || lg_go_is_code(go, start)) &&
           (creator == 0 || lg_go_is_code(go, creator));
}

/* UNKNOWN: a dead one, of which little is sure. */
static enum lg_go_fit check_goroutine(struct lg_go *go, uint64_t address,
                                      uint64_t *id_ret)
{
    uint8_t g[LG_GO_OBJECT_BYTES_MAX];
    if (!lg_go_read_object(go, address, LG_G_SIZE, g))
        return LG_FIT_NO;
    uint64_t status = lg_go_get(go, g, LG_G_STATUS) & 0xffffffffu & ~G_SCAN;
    *id_ret = lg_go_get(go, g, LG_G_GOID);
    if (status > G_STATUS_MAX || *id_ret > GOID_MAX ||
        lg_go_get(go, g, LG_G_WAITREASON) >= LG_GO_WAIT_REASONS_MAX)
        return LG_FIT_NO;
    if (status == LG_STATUS_DEAD || status == LG_STATUS_IDLE ||
        status == LG_STATUS_DEADEXTRA)
        return LG_FIT_UNKNOWN;
    return *id_ret != 0 && is_parked_well(go, address, g) ? LG_FIT_YES
                                                          : LG_FIT_NO;
}

uint64_t lg_go_sample_at(uint64_t i, uint64_t len)
{
    uint64_t first = LG_GO_SAMPLES / 2;
    return i < first || len <= LG_GO_SAMPLES
               ? i
               : first + (i - first) * ((len - first) / first);
}

static bool is_new(const uint64_t *ids, uint64_t count, uint64_t id)
{
    for (uint64_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return false;
    }
    return true;
}

static enum lg_go_fit check_allgs(struct lg_go *go, uint64_t address)
{
    struct lg_go_slice slice;
    struct lg_go_tally tally = {0};
    uint64_t ids[LG_GO_SAMPLES], g, id = 0, first_id = 0;
    if (!lg_go_read_slice(go, address, ALLGS_MAX, &slice))
        return LG_FIT_NO;
    for (uint64_t i = 0; i < slice.len && i < LG_GO_SAMPLES; i++) {
        uint64_t at = slice.data + 8 * lg_go_sample_at(i, slice.len);
        enum lg_go_fit fit = LG_FIT_NO;
        if (lg_image_u64(go->image, at, &g))
            fit = check_goroutine(go, g, &id);
        if (fit == LG_FIT_YES && !is_new(ids, tally.good, id))
            fit = LG_FIT_NO;
        if (fit == LG_FIT_YES) {
            ids[tally.good++] = id;
            first_id = i == 0 ? id : first_id;
        }
        tally.bad += fit == LG_FIT_NO;
    }
    /* Goroutine 1 stays the first unless main calls runtime.Goexit; one alone
     * has to be it. */
    if (tally.good == 1 && first_id != 1)
        return LG_FIT_NO;
    return lg_go_fit_of(tally);
}

static bool is_processor(struct lg_go *go, uint64_t address)
{
    uint64_t id, status;
    /* Go: runtime._MaxGomaxprocs was 1024; it has no limit since 1.10. */
    return lg_go_read(go, address, LG_P_ID, &id) && id < 1 << 16 &&
           lg_go_read(go, address, LG_P_STATUS, &status) && status <= 4;
}

/* An m whose g0 says that it is its. */
static bool has_own_g0(struct lg_go *go, uint64_t m)
{
    uint64_t g0, back;
    return lg_go_read(go, m, LG_M_G0, &g0) &&
           lg_go_read(go, g0, LG_G_M, &back) && back == m;
}

/* UNKNOWN: one that is being made has no g0 yet. Go 1.27: proc.go allocm. */
static enum lg_go_fit check_thread(struct lg_go *go, uint64_t address,
                                   uint64_t *next_ret, uint64_t *id_ret)
{
    uint8_t m[LG_GO_OBJECT_BYTES_MAX];
    if (!lg_go_read_object(go, address, LG_M_SIZE, m))
        return LG_FIT_NO;
    uint64_t p = lg_go_get(go, m, LG_M_P), g = lg_go_get(go, m, LG_M_CURG);
    *next_ret = lg_go_get(go, m, LG_M_ALLLINK);
    *id_ret = lg_go_get(go, m, LG_M_ID);
    if (*next_ret >= LG_GO_ADDRESS_MAX || (p != 0 && !is_processor(go, p)) ||
        (g != 0 && !lg_go_read(go, g, LG_G_GOID, &g)) ||
        lg_go_get(go, m, LG_M_PROCID) >= THREAD_ID_MAX)
        return LG_FIT_NO;
    if (has_own_g0(go, address))
        return LG_FIT_YES;
    return lg_go_get(go, m, LG_M_G0) == 0 ? LG_FIT_UNKNOWN : LG_FIT_NO;
}

static enum lg_go_fit check_allm(struct lg_go *go, uint64_t address)
{
    struct lg_go_tally tally = {0};
    uint64_t m, id = 0;
    if (!lg_image_u64(go->image, address, &m))
        return LG_FIT_NO;
    for (int i = 0; m != 0 && i < THREADS_LOOKED_AT; i++) {
        enum lg_go_fit fit = check_thread(go, m, &m, &id);
        tally.good += fit == LG_FIT_YES;
        tally.bad += fit == LG_FIT_NO;
        if (fit == LG_FIT_NO)
            break;
    }
    if (m == 0 && tally.good != 0 && id != 0) /* ends with m0 */
        tally.bad++;
    return lg_go_fit_of(tally);
}

/* Zero until the runtime's first steps, in rt0_go. */
static enum lg_go_fit check_m0(struct lg_go *go, uint64_t address)
{
    uint64_t next, id, g0;
    if (!lg_go_read(go, address, LG_M_G0, &g0))
        return LG_FIT_NO;
    if (g0 == 0)
        return LG_FIT_UNKNOWN;
    if (check_thread(go, address, &next, &id) != LG_FIT_YES || id != 0 ||
        (go->vars[LG_VAR_G0] != 0 && g0 != go->vars[LG_VAR_G0]))
        return LG_FIT_NO;
    return LG_FIT_YES;
}

static enum lg_go_fit check_g0(struct lg_go *go, uint64_t address)
{
    uint64_t m, g;
    if (!lg_go_read(go, address, LG_G_M, &m))
        return LG_FIT_NO;
    if (m == 0)
        return LG_FIT_UNKNOWN;
    return lg_go_read(go, m, LG_M_G0, &g) && g == address ? check_m0(go, m)
                                                          : LG_FIT_NO;
}

static bool is_processor_number(struct lg_go *go, uint64_t p, uint64_t number)
{
    uint64_t id, m, cache;
    return is_processor(go, p) && lg_go_read(go, p, LG_P_ID, &id) &&
           id == number && lg_go_read(go, p, LG_P_MCACHE, &cache) &&
           cache % 8 == 0 && lg_go_read(go, p, LG_P_M, &m) &&
           (m == 0 || has_own_g0(go, m));
}

static enum lg_go_fit check_allp(struct lg_go *go, uint64_t address)
{
    struct lg_go_slice slice;
    struct lg_go_tally tally = {0};
    uint64_t p;
    if (!lg_go_read_slice(go, address, 1 << 16, &slice))
        return LG_FIT_NO;
    for (uint64_t i = 0; i < slice.len && i < LG_GO_SAMPLES; i++) {
        bool good = lg_image_u64(go->image, slice.data + 8 * i, &p) &&
                    is_processor_number(go, p, i);
        *(good ? &tally.good : &tally.bad) += 1;
    }
    return lg_go_fit_of(tally);
}

static enum lg_go_fit check_sched(struct lg_go *go, uint64_t address)
{
    uint64_t ids, most, next, idle, system;
    if (!lg_go_read(go, address, LG_SCHED_GOIDGEN, &ids) ||
        !lg_go_read(go, address, LG_SCHED_MNEXT, &next) ||
        !lg_go_read(go, address, LG_SCHED_MAXMCOUNT, &most) ||
        !lg_go_read(go, address, LG_SCHED_NMIDLE, &idle) ||
        !lg_go_read(go, address, LG_SCHED_NGSYS, &system))
        return LG_FIT_NO;
    if (ids > GOID_MAX || next > GOID_MAX || most > INT32_MAX || idle > next ||
        system > INT32_MAX)
        return LG_FIT_NO;
    /* Zero until schedinit has been there. */
    return ids != 0 && next != 0 && most != 0 ? LG_FIT_YES : LG_FIT_UNKNOWN;
}

enum lg_go_fit lg_go_check_var(struct lg_go *go, enum lg_go_var var,
                               uint64_t address)
{
    switch (var) {
    case LG_VAR_ALLGS:
        return check_allgs(go, address);
    case LG_VAR_ALLM:
        return check_allm(go, address);
    case LG_VAR_ALLP:
        return check_allp(go, address);
    case LG_VAR_SCHED:
        return check_sched(go, address);
    case LG_VAR_MHEAP:
        return lg_go_check_mheap(go, address);
    case LG_VAR_MEMSTATS:
        return lg_go_check_memstats(go, address);
    case LG_VAR_GC_CONTROLLER:
        return lg_go_check_gc(go, address);
    case LG_VAR_WORK:
        return lg_go_check_work(go, address);
    case LG_VAR_MBUCKETS:
        return lg_go_check_buckets(go, address, 1); /* runtime.memProfile */
    case LG_VAR_BBUCKETS:
        return lg_go_check_buckets(go, address, 2);
    case LG_VAR_XBUCKETS:
        return lg_go_check_buckets(go, address, 3);
    case LG_VAR_MPROF_CYCLE:
        return lg_go_check_cycle(go, address);
    case LG_VAR_MEM_PROFILE_RATE:
        return lg_go_check_rate(go, address);
    case LG_VAR_DISABLE_MEM_PROFILING:
        return lg_go_check_flag(go, address);
    case LG_VAR_SEMTABLE:
        return lg_go_check_semtable(go, address);
    case LG_VAR_WAIT_REASONS:
        return lg_go_check_wait_reasons(go, address);
    case LG_VAR_ALLFIN:
        return lg_go_check_allfin(go, address);
    case LG_VAR_M0:
        return check_m0(go, address);
    case LG_VAR_G0:
        return check_g0(go, address);
    case LG_VAR_TICKS_PER_SECOND:
    case LG_VAR_MUTEX_PROFILE_RATE:
    case LG_VAR_COUNT:
        break;
    }
    return LG_FIT_UNKNOWN;
}

/* What every layout has to get right: the rest of a row comes from the same
 * program as these fields. */
static const struct {
    enum lg_go_var var;
    bool is_made_first; /* before the first goroutine is */
} checked[] = {
    {LG_VAR_ALLGS, false},
    {LG_VAR_ALLM, true},
    {LG_VAR_M0, true},
    {LG_VAR_ALLP, true},
    {LG_VAR_SCHED, true},
    {LG_VAR_MHEAP, false},
    {LG_VAR_GC_CONTROLLER, false},
    {LG_VAR_WORK, false},
    {LG_VAR_MEMSTATS, false},
    {LG_VAR_WAIT_REASONS, false},
    {LG_VAR_SEMTABLE, false},
};

static struct lg_go_tally check_vars(struct lg_go *go)
{
    struct lg_go_tally tally = {0};
    bool has_begun = false;
    for (size_t i = 0; i < LG_COUNT(checked); i++) {
        enum lg_go_var var = checked[i].var;
        if (go->vars[var] == 0)
            continue;
        enum lg_go_fit fit = lg_go_check_var(go, var, go->vars[var]);
        has_begun = has_begun || (i == 0 && fit == LG_FIT_YES);
        tally.good += fit == LG_FIT_YES;
        tally.bad += fit == LG_FIT_NO || (fit == LG_FIT_UNKNOWN && has_begun &&
                                          checked[i].is_made_first);
    }
    return tally;
}

enum lg_go_fit lg_go_check_layout(struct lg_go *go, unsigned *score_ret)
{
    struct lg_go_tally tally = check_vars(go);
    uint64_t word;
    /* They are in the program's file: only a wrong row does not find them. */
    if (go->vars[LG_VAR_WAIT_REASONS] == 0 &&
        lg_image_u64(go->image, go->modules.items[0].data, &word))
        tally.bad++;
    /* Each version has more of them; equal ones are the same or a neighbour. */
    if (lg_go_count_wait_reasons(go, go->vars[LG_VAR_WAIT_REASONS]) ==
        (size_t)go->layout->offset[LG_WAIT_REASON_COUNT])
        tally.good++;
    *score_ret = (unsigned)tally.good;
    if (tally.bad != 0)
        return LG_FIT_NO;
    return tally.good != 0 ? LG_FIT_YES : LG_FIT_UNKNOWN;
}
