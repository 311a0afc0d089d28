/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model. Everything that is charged to the cgroup falls into one part:
 *
 *   usage = anonymous pages ─ the subject's: what Go's runtime knows of
 *         │                 │   live heap   what the last GC marked, else
 *         │                 │               inuse_space of the heap profile;
 *         │                 │               at most HeapAlloc
 *         │                 │   garbage     HeapInuse − live: dead and unswept
 *         │                 │               objects, and gaps in spans in use
 *         │                 │   idle        HeapIdle − HeapReleased
 *         │                 │   stacks      StackInuse
 *         │                 │   runtime     the other …Sys
 *         │                 │ and off-heap: what it does not know
 *         │                 └ other processes'
 *         ├ file pages ─ files: mapped by the subject; page cache: the others
 *         ├ shmem        tmpfs, memfd, shared anonymous
 *         └ kernel       page tables, stacks, slab, sockets
 *
 * Go counts address space that it made ready, the kernel counts pages that were
 * touched: a fresh stack or slice may be partly unbacked. And Go answers some
 * milliseconds after /proc was read, when a program that grows has more. So
 * when Go's parts exceed the subject's anonymous pages, idle gives way first,
 * then all others in proportion.
 *
 * File pages are charged to the cgroup that read them first, so of the
 * subject's mapped files only what the cgroup was charged for counts; another
 * process's file and shmem pages are in those parts already, so that of other
 * processes only the anonymous pages count where the cgroup tells them.
 *
 * Without a cgroup's usage the total is RSS, and what is not the subject's
 * falls away. The rest is shown, signed: usage also holds the kernel's per-CPU
 * charge stock (64 pages each), and the sources were read at different
 * instants.
 */
#include "evidence/memory.h"

/* Anonymous pages that belong to no part: the program's data and bss, thread
 * stacks, arenas of libc. Less than this is not called off-heap. */
#define OFF_HEAP_NOISE_BYTES (UINT64_C(4) << 20)
#define OFF_HEAP_NOISE_DIVISOR 33 /* 3 % of the anonymous pages */

static uint64_t sub(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

const char *lg_memory_part_name(enum lg_memory_part part)
{
    static const char *const names[LG_PART_COUNT] = {
        [LG_PART_LIVE_HEAP] = "live heap",
        [LG_PART_GARBAGE] = "garbage",
        [LG_PART_IDLE] = "idle",
        [LG_PART_STACKS] = "stacks",
        [LG_PART_RUNTIME] = "runtime",
        [LG_PART_OFF_HEAP] = "cgo/mmap",
        [LG_PART_FILES] = "files",
        [LG_PART_SHMEM] = "shmem",
        [LG_PART_OTHER_PROCESSES] = "other processes",
        [LG_PART_PAGE_CACHE] = "page cache",
        [LG_PART_KERNEL] = "kernel",
    };
    return part < LG_PART_COUNT ? names[part] : "";
}

/* What the subject holds, as exactly as the sources tell. smaps_rollup walks
 * the page tables; status sums per-CPU counters that may lag. */
struct resident {
    struct lg_num rss, anon, file, shmem;
};

static struct resident resident_of(const struct lg_process *p)
{
    struct resident r = {0};
    if (p == NULL)
        return r;
    r = (struct resident){p->vm_rss, p->rss_anon, p->rss_file, p->rss_shmem};
    if (p->smaps.rss.known && p->smaps.anonymous.known) {
        r.rss = p->smaps.rss;
        r.anon = p->smaps.anonymous;
        r.shmem = lg_known(
            min_u64(p->rss_shmem.value, sub(r.rss.value, r.anon.value)));
        r.file = lg_known(r.rss.value - min_u64(r.rss.value, r.anon.value) -
                          r.shmem.value);
    }
    return r;
}

static uint64_t runtime_bytes(const struct lg_memstats *m)
{
    const struct lg_num parts[] = {m->mspan_sys_bytes, m->mcache_sys_bytes,
                                   m->buck_hash_sys_bytes, m->gc_sys_bytes,
                                   m->other_sys_bytes};
    /* Of StackSys, what is not in use is the threads' own stacks. */
    uint64_t sum = sub(m->stack_sys_bytes.value, m->stack_inuse_bytes.value);
    for (size_t i = 0; i < LG_COUNT(parts); i++)
        sum = add(sum, parts[i].value);
    return sum;
}

/* What the collector marked is exact; a profile estimates it from samples, and
 * one that was read out of the process also holds what came after. */
static struct lg_num live_at_last_gc(const struct lg_memory_input *in)
{
    const struct lg_memstats *m = in->memstats;
    bool marked = m->heap_marked_bytes.known && m->gc_count.known &&
                  m->gc_count.value != 0;
    return marked ? m->heap_marked_bytes : in->live_heap_bytes;
}

/* Go's account, before it is compared with what is resident. Without a heap
 * profile all that is allocated counts as live. */
static void go_parts(const struct lg_memory_input *in,
                     struct lg_num parts[LG_PART_COUNT])
{
    const struct lg_memstats *m = in->memstats;
    if (m == NULL || !m->heap_alloc_bytes.known) {
        if (in->live_heap_bytes.known)
            parts[LG_PART_LIVE_HEAP] = in->live_heap_bytes;
        return;
    }
    uint64_t allocated = m->heap_alloc_bytes.value;
    struct lg_num at_gc = live_at_last_gc(in);
    uint64_t live = at_gc.known ? min_u64(at_gc.value, allocated) : allocated;
    uint64_t inuse =
        m->heap_inuse_bytes.known ? m->heap_inuse_bytes.value : allocated;
    parts[LG_PART_LIVE_HEAP] = lg_known(live);
    parts[LG_PART_GARBAGE] = lg_known(sub(inuse, live));
    if (m->heap_idle_bytes.known && m->heap_released_bytes.known)
        parts[LG_PART_IDLE] = lg_known(
            sub(m->heap_idle_bytes.value, m->heap_released_bytes.value));
    parts[LG_PART_STACKS] = m->stack_inuse_bytes;
    parts[LG_PART_RUNTIME] = lg_known(runtime_bytes(m));
}

static uint64_t sum_of(const struct lg_num parts[LG_PART_COUNT])
{
    uint64_t sum = 0;
    for (int i = 0; i < LG_PART_COUNT; i++)
        sum = add(sum, parts[i].value);
    return sum;
}

static uint64_t take(struct lg_num *part, uint64_t excess)
{
    uint64_t taken = min_u64(part->value, excess);
    part->value -= taken;
    return excess - taken;
}

/* part := part * room / whole without overflow or rounding up. */
static uint64_t share(uint64_t part, uint64_t room, uint64_t whole)
{
    return (uint64_t)((unsigned __int128)part * room / whole);
}

static void fit(struct lg_num parts[LG_PART_COUNT], uint64_t room)
{
    static const enum lg_memory_part shrinking[] = {
        LG_PART_STACKS, LG_PART_LIVE_HEAP, LG_PART_GARBAGE, LG_PART_RUNTIME};
    uint64_t excess = sub(sum_of(parts), room);
    if (take(&parts[LG_PART_IDLE], excess) == 0)
        return;
    uint64_t whole = sum_of(parts);
    for (size_t i = 0; i < LG_COUNT(shrinking); i++) {
        struct lg_num *part = &parts[shrinking[i]];
        part->value = share(part->value, room, whole);
    }
}

/* Go's parts fitted to the subject's anonymous pages, and what is beyond. */
static void fit_anonymous(const struct lg_memory_input *in,
                          const struct resident *r, struct lg_memory *m)
{
    struct lg_num anon = r->anon;
    if (!anon.known && r->rss.known)
        anon = lg_known(sub(r->rss.value, add(r->file.value, r->shmem.value)));
    if (!anon.known && in->cgroup != NULL && in->cgroup->anon_bytes.known)
        anon = lg_known(
            sub(in->cgroup->anon_bytes.value, in->others_rss_bytes.value));
    if (!anon.known)
        return;
    fit(m->parts, anon.value);
    if (!m->parts[LG_PART_RUNTIME].known)
        return; /* Go's account is missing: nothing is beyond it */
    uint64_t beyond = sub(anon.value, sum_of(m->parts));
    uint64_t noise = anon.value / OFF_HEAP_NOISE_DIVISOR;
    if (noise < OFF_HEAP_NOISE_BYTES)
        noise = OFF_HEAP_NOISE_BYTES;
    if (beyond > noise)
        m->parts[LG_PART_OFF_HEAP] = lg_known(beyond);
    else /* data, bss, thread stacks: they come with any Go program */
        m->parts[LG_PART_RUNTIME].value += beyond;
}

static struct lg_num kernel_bytes(const struct lg_cgroup *c)
{
    const struct lg_num parts[] = {c->kernel_stack_bytes, c->pagetables_bytes,
                                   c->slab_bytes};
    /* v2's "kernel" (5.18) holds all but the sockets' buffers. */
    struct lg_num sum = c->kernel_bytes;
    if (!sum.known && c->kmem_bytes.known)
        return c->kmem_bytes;
    for (size_t i = 0; i < LG_COUNT(parts) && !c->kernel_bytes.known; i++) {
        sum.known |= parts[i].known;
        sum.value += parts[i].value;
    }
    sum.known |= c->sock_bytes.known;
    sum.value = add(sum.value, c->sock_bytes.value);
    return sum;
}

/* File pages: `file` of both versions holds shmem too. */
static void file_parts(const struct lg_cgroup *c, const struct resident *r,
                       struct lg_memory *m)
{
    struct lg_num shmem = c->shmem_bytes;
    if (r->shmem.known && r->shmem.value > shmem.value)
        shmem = r->shmem;
    m->parts[LG_PART_SHMEM] = shmem;
    m->parts[LG_PART_FILES] = r->file;
    if (!c->file_bytes.known)
        return;
    uint64_t cached = sub(c->file_bytes.value, c->shmem_bytes.value);
    if (r->file.known)
        m->parts[LG_PART_FILES] = lg_known(min_u64(r->file.value, cached));
    m->parts[LG_PART_PAGE_CACHE] =
        lg_known(cached - m->parts[LG_PART_FILES].value);
}

static void cgroup_parts(const struct lg_memory_input *in,
                         const struct resident *r, struct lg_memory *m)
{
    const struct lg_cgroup *c = in->cgroup;
    file_parts(c, r, m);
    m->parts[LG_PART_KERNEL] = kernel_bytes(c);
    struct lg_num others = in->others_rss_bytes;
    if (others.known && c->anon_bytes.known && r->anon.known)
        others.value =
            min_u64(others.value, sub(c->anon_bytes.value, r->anon.value));
    m->parts[LG_PART_OTHER_PROCESSES] = others;
}

void lg_memory_reconcile(const struct lg_memory_input *in,
                         struct lg_memory *ret)
{
    struct resident r = resident_of(in->process);
    struct lg_memory m = {.at_ns = in->at_ns, .rss_bytes = r.rss};
    go_parts(in, m.parts);
    fit_anonymous(in, &r, &m);
    if (in->cgroup != NULL && in->cgroup->usage_bytes.known) {
        m.usage_bytes = in->cgroup->usage_bytes;
        cgroup_parts(in, &r, &m);
    } else {
        m.parts[LG_PART_FILES] = r.file;
        m.parts[LG_PART_SHMEM] = r.shmem;
    }
    m.known = m.rss_bytes.known || m.usage_bytes.known;
    uint64_t total =
        m.usage_bytes.known ? m.usage_bytes.value : m.rss_bytes.value;
    if (m.known)
        m.unexplained_bytes = (int64_t)(total - sum_of(m.parts));
    *ret = m;
}
