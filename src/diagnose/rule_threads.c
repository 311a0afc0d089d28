/* SPDX-License-Identifier: Apache-2.0 */
/* thread-leak: threads of the operating system only become more. A goroutine
 * takes one for itself while it is locked to it, in a system call or in C. */
#include "diagnose/charge.h"
#include "diagnose/count_series.h"

/* A program has as many as CPUs, and some for calls that block. */
#define MIN_GROWN 100
#define ALIVE_MIN_GROWN 500
#define GROWN_FACTOR 3
#define MIN_CAPTURES 2
/* Goroutines of one kind hold them: at least this share of the growth. */
#define HELD_RATIO 0.5
/* What a thread takes in the process: the stacks that the runtime makes for it
 * (16 KiB for the scheduler, 32 KiB for signals: Go 1.5 … 1.27) are touched in
 * part, with the goroutine's own. Measured: 19 KiB; at most this. */
#define MAX_USER_BYTES (UINT64_C(64) << 10)
/* In the kernel: a stack of 16 KiB, task, and tables. Measured: 22 KiB. */
#define KERNEL_BYTES (UINT64_C(22) << 10)
#define MAX_KERNEL_BYTES (UINT64_C(40) << 10)

struct threads_view {
    struct lg_count_series n;
    const struct lg_shot *dump;           /* that holder is in */
    const struct lg_goroutine_site *site; /* NULL: nobody known */
    uint64_t bytes, kernel_bytes;
};

static struct lg_num threads_of(const void *context, const struct lg_shot *shot)
{
    (void)context;
    const struct lg_process *p = shot->capture->process;
    return p != NULL ? p->threads_count : (struct lg_num){false, 0};
}

static bool is_leak(const struct lg_case *c, const struct threads_view *v)
{
    return v->n.captures >= MIN_CAPTURES && !v->n.shrank &&
           !v->n.came_to_rest &&
           v->n.last_count >= GROWN_FACTOR * v->n.first_count &&
           (c->oom ? lg_count_series_grown(&v->n) >= MIN_GROWN
                   : lg_count_series_grown(&v->n) >= ALIVE_MIN_GROWN &&
                         v->n.grows_on && lg_case_alive_and_growing(c));
}

/* The kind of goroutine that holds most threads, in the newest dump that has
 * one that holds enough of them. */
static void find_holder(const struct lg_case *c, struct threads_view *v)
{
    for (size_t i = c->shots.count; i-- > 0 && v->site == NULL;) {
        const struct lg_shot *shot = &c->shots.items[i];
        uint64_t most =
            (uint64_t)(HELD_RATIO * (double)lg_count_series_grown(&v->n));
        if (shot->goroutines == NULL) {
            continue;
        }
        lg_each(site, shot->goroutines->items) {
            if (site->threads_count > most) {
                most = site->threads_count;
                v->site = site;
                v->dump = shot;
            }
        }
    }
}

static uint64_t between(uint64_t least, uint64_t bytes, uint64_t most)
{
    return bytes < least ? least : bytes > most ? most : bytes;
}

/* What grew while they came, as far as threads can be the reason. */
static void weigh(const struct lg_case *c, struct threads_view *v)
{
    struct lg_charge kernel;
    const struct lg_process *before = v->n.first->capture->process;
    const struct lg_process *after = v->n.last->capture->process;
    uint64_t count = lg_count_series_grown(&v->n), user = 0;
    v->kernel_bytes = count * KERNEL_BYTES;
    if (lg_charge_of(c, LG_CHARGE_KERNEL, &kernel) &&
        kernel.bytes > kernel.before_bytes) {
        v->kernel_bytes = between(0, kernel.bytes - kernel.before_bytes,
                                  count * MAX_KERNEL_BYTES);
    }
    if (before->rss_anon.known && after->rss_anon.known &&
        after->rss_anon.value > before->rss_anon.value) {
        user = between(0, after->rss_anon.value - before->rss_anon.value,
                       count * MAX_USER_BYTES);
    }
    v->bytes = v->kernel_bytes + user;
}

static void name_holder(struct lg_case *c, struct lg_finding *f,
                        const struct threads_view *v)
{
    const struct lg_goroutine_site *site = v->site;
    f->fix = LG_STR("Bound how many block at once: a semaphore or a pool in "
                    "front of the call, a deadline on it; unlock or end what "
                    "called LockOSThread.");
    if (site == NULL) {
        return;
    }
    f->leaf = site->leaf;
    f->created_by = site->created_by;
    f->wait_reason = site->state;
    f->wait_count = lg_known(site->threads_count);
    if (site->where.function.len > 0) {
        f->where = site->where;
        f->where_role = LG_STR("holds a thread here");
    } else if (lg_case_is_user(c, &site->created_by)) {
        f->where = site->created_by;
        f->where_role = LG_STR("starts them");
    }
    lg_cite(c, f, "goroutines that hold a thread at this place",
            (double)site->threads_count, "count", v->dump->capture,
            v->dump->capture->goroutines != NULL ? "goroutines.txt"
                                                 : "goroutine.pb.gz");
    lg_case_claim(c, &f->where);
    lg_case_claim(c, &site->created_by);
}

static struct lg_str what_they_do(struct lg_case *c,
                                  const struct threads_view *v)
{
    struct lg_str none = {NULL, 0};
    if (v->site == NULL) {
        return none;
    }
    return lg_words(c, "; %s goroutines keep one each, in `%.*s`",
                    lg_say_count(c, v->site->threads_count),
                    LG_STR_ARG(v->site->state));
}

static void fill(struct lg_case *c, struct lg_finding *f,
                 const struct threads_view *v)
{
    uint64_t ns = v->n.last->capture->t_ns - v->n.first->capture->t_ns;
    f->count = lg_known(v->n.last_count);
    f->count_rate_per_s =
        ns == 0 ? 0 : (double)lg_count_series_grown(&v->n) / ((double)ns / 1e9);
    f->bytes = lg_known(v->bytes);
    f->share = lg_share(v->bytes, c->usage_bytes);
    f->proof = LG_STR("growth");
    f->confidence =
        0.75 + (v->n.captures >= 3 ? 0.08 : 0) + (v->site != NULL ? 0.1 : 0);
    f->summary = lg_words(c, "%s threads, %s at the first capture%.*s",
                          lg_say_count(c, v->n.last_count),
                          lg_say_count(c, v->n.first_count),
                          LG_STR_ARG(what_they_do(c, v)));
    lg_cite(c, f, "threads at the first capture", (double)v->n.first_count,
            "count", v->n.first->capture, "root");
    lg_cite(c, f, "threads at the last capture", (double)v->n.last_count,
            "count", v->n.last->capture, "root");
    lg_cite(c, f, "the kernel's part of them", (double)v->kernel_bytes, "bytes",
            v->n.last->capture, "root");
}

void lg_judge_threads(struct lg_case *c, struct lg_verdict *verdict)
{
    struct threads_view v = {0};
    v.n = lg_count_series_of(c, threads_of, NULL);
    if (v.n.first == NULL || v.n.last == NULL || !is_leak(c, &v)) {
        return;
    }
    find_holder(c, &v);
    weigh(c, &v);
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_THREAD_LEAK);
    if (f == NULL) {
        return;
    }
    name_holder(c, f, &v);
    fill(c, f, &v);
}
