/* SPDX-License-Identifier: Apache-2.0 */
/* fd-leak: open files or sockets only become more. */
#include "diagnose/charge.h"
#include "diagnose/fd_opener.h"

#define MIN_GROWN 100
#define GROWN_FACTOR 3
#define ALIVE_MIN_GROWN 500
/* The kernel's part of an open file or socket: struct file, dentry, inode. What
 * is measured to be more (buffers of sockets and pipes) counts, up to a pipe's
 * 64 KiB and as much beside it. */
#define KERNEL_BYTES_PER_FD 1024
#define MAX_KERNEL_BYTES_PER_FD (UINT64_C(128) << 10)
/* Threads take more of the kernel than descriptors; then nothing is said. */
#define THREADS_RATIO 0.1
#define MIN_CAPTURES 2
/* Opened at once: from this share of what there is in the end, within this. */
#define BEFORE_RATIO 0.2
#define AT_ONCE_NS (5 * UINT64_C(1000000000))

struct fds_view {
    struct lg_count_series n;
    struct lg_fd_line line;
    uint64_t heap_bytes;
};

static struct lg_num count_of(const void *context, const struct lg_shot *shot)
{
    (void)context;
    return lg_fds_of(shot);
}

/* Memory allocated in the function that opens: readers, buffers, entries. */
static void find_companions(const struct lg_case *c, struct fds_view *v)
{
    const struct lg_shot *shot = lg_case_last(c, true, false);
    lg_fd_find_line(c, &v->n, &v->line);
    if (shot == NULL || v->line.where.function.len == 0) {
        return;
    }
    lg_each(site, shot->heap->items) {
        if (lg_str_eq(site->where.function, v->line.where.function) &&
            site->inuse_bytes > 0) {
            v->heap_bytes += (uint64_t)site->inuse_bytes;
        }
    }
}

/* The heap rules leave the lines of the opening function to this finding. */
static void claim_function(struct lg_case *c, const struct lg_frame *where)
{
    const struct lg_shot *shot = lg_case_last(c, true, false);
    if (shot == NULL || where->function.len == 0) {
        return;
    }
    lg_each(site, shot->heap->items) {
        if (lg_str_eq(site->where.function, where->function)) {
            lg_case_claim(c, &site->where);
        }
    }
}

static void describe(struct lg_case *c, struct lg_finding *f,
                     const struct fds_view *v)
{
    const struct lg_fds *fds = &v->n.last->capture->process->fds;
    struct lg_str target = {NULL, 0};
    if (fds->groups.count > 0) {
        const struct lg_fd_group *top = &fds->groups.items[0];
        target =
            lg_words(c, "; %s of them: %.*s %.*s", lg_say_count(c, top->count),
                     LG_STR_ARG(top->kind), LG_STR_ARG(top->target));
        lg_cite(c, f, "of the largest group", (double)top->count, "count",
                v->n.last->capture, "root");
        lg_cite_text(c, f, "they point to", top->target, v->n.last->capture,
                     "root");
    }
    f->summary =
        lg_words(c,
                 "%s files and sockets are open, %s at the first "
                 "capture%.*s",
                 lg_say_count(c, v->n.last_count),
                 lg_say_count(c, v->n.first_count), LG_STR_ARG(target));
}

/* More than half of RLIMIT_NOFILE. */
static bool is_near_limit(const struct fds_view *v)
{
    struct lg_num limit = v->n.last->capture->process->fds_limit;
    return limit.known && v->n.last_count > limit.value / 2;
}

/* Where the program answers at all, it must have answered while descriptors
 * grew: one that no longer does is busy with something else, and its sockets
 * only wait for it. */
static bool answered_meanwhile(const struct lg_case *c,
                               const struct fds_view *v)
{
    const struct lg_shot *last = NULL;
    lg_each(shot, c->shots) {
        bool is_closed = lg_case_is_dying(c, shot) &&
                         lg_fds_of(shot).value < v->n.last_count;
        if (shot->goroutines != NULL && lg_fds_of(shot).known && !is_closed) {
            last = shot;
        }
    }
    return last == NULL ||
           lg_fds_of(last).value >= GROWN_FACTOR * v->n.first_count;
}

static bool is_leak(const struct lg_case *c, const struct fds_view *v)
{
    uint64_t grown = lg_count_series_grown(&v->n);
    return v->n.captures >= MIN_CAPTURES && !v->n.shrank &&
           answered_meanwhile(c, v) &&
           v->n.last_count >= GROWN_FACTOR * v->n.first_count &&
           (c->oom ? grown >= MIN_GROWN
                   : grown >= ALIVE_MIN_GROWN && v->n.grows_on &&
                         (is_near_limit(v) || lg_case_alive_and_growing(c)));
}

static double rate_of(const struct fds_view *v, const struct lg_shot *first,
                      const struct lg_shot *last)
{
    uint64_t ns = last->capture->t_ns - first->capture->t_ns;
    return ns == 0 ? 0
                   : (double)(v->n.last_count - v->n.first_count) /
                         ((double)ns / 1e9);
}

static uint64_t threads_grown(const struct fds_view *v)
{
    struct lg_num before = v->n.first->capture->process->threads_count;
    struct lg_num after = v->n.last->capture->process->threads_count;
    return before.known && after.value > before.value
               ? after.value - before.value
               : 0;
}

/* Kernel memory that came with them. */
static uint64_t kernel_bytes(const struct lg_case *c, const struct fds_view *v)
{
    struct lg_charge charge;
    uint64_t least = v->n.last_count * KERNEL_BYTES_PER_FD;
    uint64_t grown = v->n.last_count - v->n.first_count;
    uint64_t most = grown * MAX_KERNEL_BYTES_PER_FD;
    if ((double)threads_grown(v) > THREADS_RATIO * (double)grown ||
        !lg_charge_of(c, LG_CHARGE_KERNEL, &charge) ||
        charge.bytes < charge.before_bytes + least) {
        return least;
    }
    uint64_t measured = charge.bytes - charge.before_bytes;
    return measured < most ? measured : most;
}

/* Goroutines came in a burst and descriptors with them: what each opens it may
 * well close when it is done. The burst they belong to; NULL: none. */
static struct lg_finding *burst_of(const struct lg_case *c,
                                   const struct lg_verdict *verdict,
                                   const struct fds_view *v)
{
    uint64_t since_ns = v->n.first->capture->t_ns;
    lg_each(shot, c->shots) {
        struct lg_num count = lg_fds_of(shot);
        if (count.known &&
            (double)count.value < BEFORE_RATIO * (double)v->n.last_count) {
            since_ns = shot->capture->t_ns;
        }
    }
    if (v->n.last->capture->t_ns - since_ns > AT_ONCE_NS) {
        return NULL;
    }
    return lg_find_cause(verdict, LG_CAUSE_GOROUTINE_BURST);
}

static void add_to_burst(struct lg_case *c, struct lg_finding *burst,
                         const struct fds_view *v)
{
    uint64_t kernel = kernel_bytes(c, v);
    burst->bytes.value += kernel;
    burst->share += lg_share(kernel, c->usage_bytes);
    burst->share = burst->share > 1 ? 1 : burst->share;
    lg_cite(c, burst, "files and sockets opened at the same time",
            (double)v->n.last_count, "count", v->n.last->capture, "root");
    lg_cite(c, burst, "the kernel's part of them", (double)kernel, "bytes",
            v->n.last->capture, "root");
    claim_function(c, &v->line.where);
}

void lg_judge_fds(struct lg_case *c, struct lg_verdict *verdict)
{
    struct fds_view v = {0};
    v.n = lg_count_series_of(c, count_of, NULL);
    if (v.n.first == NULL || v.n.last == NULL || !is_leak(c, &v)) {
        return;
    }
    struct lg_finding *burst = burst_of(c, verdict, &v);
    if (burst != NULL) {
        add_to_burst(c, burst, &v);
        return;
    }
    if (v.n.came_to_rest) {
        return; /* what a program opens when it starts, and needs */
    }
    find_companions(c, &v);
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_FD_LEAK);
    if (f == NULL) {
        return;
    }
    uint64_t kernel = kernel_bytes(c, &v);
    f->where = v.line.where;
    f->where_role = v.line.is_fellow ? LG_STR("allocates as many objects")
                                     : LG_STR("opens them");
    f->leaf = v.line.leaf;
    f->count = lg_known(v.n.last_count);
    f->count_rate_per_s = rate_of(&v, v.n.first, v.n.last);
    f->bytes = lg_known(v.heap_bytes + kernel);
    const struct lg_shot *heap = lg_case_last(c, true, false);
    uint64_t usage = v.n.last->usage_bytes;
    usage =
        heap != NULL && heap->usage_bytes > usage ? heap->usage_bytes : usage;
    f->share = lg_share(f->bytes.value,
                        c->usage_bytes > usage ? c->usage_bytes : usage);
    if (heap != NULL && heap->heap->total_bytes > 0 &&
        heap->capture->memstats != NULL) {
        /* As with heap findings: what the last collection saw, spread over
         * what has been allocated since. */
        double of_heap =
            lg_share(v.heap_bytes, (uint64_t)heap->heap->total_bytes);
        double scaled =
            of_heap * lg_share(heap->capture->memstats->heap_alloc_bytes.value,
                               heap->usage_bytes);
        scaled += lg_share(kernel, c->usage_bytes);
        scaled = scaled > 1 ? 1 : scaled;
        f->share = scaled > f->share ? scaled : f->share;
    }
    f->confidence = 0.75 + (v.n.captures >= 3 ? 0.1 : 0) +
                    (v.line.where.function.len > 0 ? 0.07 : 0);
    f->proof = LG_STR("growth");
    f->fix = LG_STR("Close what is opened here: defer Close() right after the "
                    "error check, on every path.");
    lg_cite(c, f, "open at the first capture", (double)v.n.first_count, "count",
            v.n.first->capture, "root");
    lg_cite(c, f, "open at the last capture", (double)v.n.last_count, "count",
            v.n.last->capture, "root");
    lg_cite(c, f, "the kernel's part of them", (double)kernel, "bytes",
            v.n.last->capture, "root");
    if (v.heap_bytes > 0) {
        lg_cite(c, f, "heap allocated by the function that opens them",
                (double)v.heap_bytes, "bytes",
                heap != NULL ? heap->capture : NULL, "heap.pb.gz");
    }
    describe(c, f, &v);
    claim_function(c, &v.line.where);
}
