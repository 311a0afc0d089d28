/* SPDX-License-Identifier: Apache-2.0 */
/* What parked goroutines wait on.
 *
 *     chan, select      g.waiting ─▶ sudog ─waitlink▶ …   sudog.c ─▶ hchan
 *     mutex, semaphore  ≥ 1.26: g.waiting ─▶ sudog.elem = &sema
 *                       ≤ 1.25: semtable ─▶ treap of sudogs ─▶ sudog.g
 * (go_sema.c)
 *
 *     sleep, IO wait    go_parked.c
 *
 * Source: Go 1.27 runtime/chan.go, select.go, sema.go; sync/mutex.go,
 * rwmutex.go, waitgroup.go. */
#include "target/go_wait_kinds.h"

#define MAX_OBJECT_BYTES 512
/* Cases of one select; the compiler allows 65,536. */
#define MAX_CASES 65536
/* Of all selects together, beside one for each. */
#define SPARE_CASES ((uint64_t)1 << 20)

static bool is_waiting(const struct lg_go_g *g)
{
    return g->status == LG_STATUS_WAITING || g->status == LG_STATUS_LEAKED;
}

static bool add_one(struct lg_go_waits *w, struct lg_go_g *g)
{
    struct lg_go_gather *r = w->r;
    enum lg_go_wait_kind kind =
        is_waiting(g) ? lg_go_wait_kind_of(r, g) : LG_ON_NONE;
    if (kind == LG_ON_NONE)
        return true;
    struct lg_go_wait *wait = lg_push(r->arena, &r->ret->waits);
    struct lg_go_wait_work *work = lg_push(&r->scratch, &w->work);
    if (wait == NULL || work == NULL || r->ret->waits.count >= UINT32_MAX)
        return false;
    wait->kind = kind;
    *work = (struct lg_go_wait_work){
        .g = g->address, .sudog = g->waiting, .sp = g->sp, .hi = g->stack_hi};
    g->wait = (uint32_t)r->ret->waits.count;
    return true;
}

static bool add_all(struct lg_go_waits *w)
{
    struct lg_go_goroutines *ret = w->r->ret;
    lg_each(g, ret->items)
        if (!add_one(w, g))
            return false;
    lg_each(group, ret->groups)
        if (!add_one(w, &group->example))
            return false;
    return true;
}

/* Gathered: one struct of each wait for which `address_of` has one. */
static bool fetch_all(struct lg_go_waits *w, uint32_t bytes,
                      uint64_t (*address_of)(const struct lg_go_waits *w,
                                             size_t i),
                      lg_fetch_fn fn)
{
    size_t n = 0;
    struct lg_fetch *fetches =
        lg_new(&w->r->scratch, struct lg_fetch, w->work.count);
    if (fetches == NULL)
        return false;
    for (size_t i = 0; i < w->work.count; i++) {
        uint64_t address = address_of(w, i);
        if (address != 0)
            fetches[n++] = (struct lg_fetch){address, bytes, (uint32_t)i};
    }
    return lg_image_fetch(w->r->go->image, fetches, n, fn, w);
}

static uint64_t sudog_of(const struct lg_go_waits *w, size_t i)
{
    return w->work.items[i].sudog;
}

static bool is_chan(enum lg_go_wait_kind kind)
{
    return kind == LG_ON_CHAN || kind == LG_ON_SELECT;
}

/* The first sudog of each; a select's others only to be counted. */
static void take_sudog(void *context, const struct lg_fetch *fetch,
                       const uint8_t *bytes)
{
    struct lg_go_waits *w = context;
    const struct lg_go *go = w->r->go;
    struct lg_go_wait *wait = &w->r->ret->waits.items[fetch->tag];
    struct lg_go_wait_work *work = &w->work.items[fetch->tag];
    if (bytes == NULL || lg_go_get(go, bytes, LG_SUDOG_G) != work->g)
        return; /* it went on meanwhile */
    if (is_chan(wait->kind)) {
        wait->address = lg_go_get(go, bytes, LG_SUDOG_C);
        wait->cases = 1;
        work->link = lg_go_get(go, bytes, LG_SUDOG_WAITLINK);
    } else {
        work->sema = lg_go_get(go, bytes, LG_SUDOG_ELEM);
    }
}

static uint64_t chan_of(const struct lg_go_waits *w, size_t i)
{
    const struct lg_go_wait *wait = &w->r->ret->waits.items[i];
    return is_chan(wait->kind) ? wait->address : 0;
}

static void take_chan(void *context, const struct lg_fetch *fetch,
                      const uint8_t *bytes)
{
    struct lg_go_waits *w = context;
    const struct lg_go *go = w->r->go;
    struct lg_go_wait *wait = &w->r->ret->waits.items[fetch->tag];
    if (bytes == NULL)
        return;
    wait->length = lg_go_get(go, bytes, LG_HCHAN_QCOUNT);
    wait->capacity = lg_go_get(go, bytes, LG_HCHAN_DATAQSIZ);
    wait->closed = lg_go_get(go, bytes, LG_HCHAN_CLOSED) != 0;
    wait->is_known = wait->length <= wait->capacity;
}

/* The other channels of a select: a list, bounded for each and for all. */
static void count_cases(struct lg_go_waits *w)
{
    uint64_t spare = SPARE_CASES;
    int32_t link_at = w->r->go->layout->offset[LG_SUDOG_WAITLINK];
    for (size_t i = 0; i < w->work.count; i++) {
        struct lg_go_wait *wait = &w->r->ret->waits.items[i];
        uint64_t at = w->work.items[i].link;
        while (wait->kind == LG_ON_SELECT && at != 0 && spare != 0 &&
               wait->cases < MAX_CASES) {
            wait->cases++;
            spare--;
            if (!lg_image_u64(w->r->go->image, at + (uint64_t)link_at, &at))
                break;
        }
    }
}

static uint64_t object_of(const struct lg_go_waits *w, size_t i)
{
    const struct lg_go_wait *wait = &w->r->ret->waits.items[i];
    bool has_state =
        wait->kind == LG_ON_MUTEX || wait->kind == LG_ON_WAIT_GROUP;
    return has_state ? wait->address : 0;
}

/* sync.Mutex: state i32 {locked 1, woken 2, starving 4, waiters << 3}.
 * sync.WaitGroup ≥ 1.20: state u64 {waiters low 31 bits, counter high 32}. */
static void take_object(void *context, const struct lg_fetch *fetch,
                        const uint8_t *bytes)
{
    struct lg_go_waits *w = context;
    struct lg_go_wait *wait = &w->r->ret->waits.items[fetch->tag];
    uint32_t low, high;
    if (bytes == NULL)
        return;
    memcpy(&low, bytes, sizeof low);
    memcpy(&high, bytes + 4, sizeof high);
    wait->is_known = true;
    if (wait->kind == LG_ON_MUTEX) {
        wait->value = low & 1;
        wait->waiters = low >> 3;
    } else {
        wait->value = (int32_t)high;
        wait->waiters = low & INT32_MAX;
    }
}

static bool read_chans(struct lg_go_waits *w)
{
    const struct lg_go_layout *l = w->r->go->layout;
    int32_t sudog = l->offset[LG_SUDOG_SIZE], chan = l->offset[LG_HCHAN_SIZE];
    if (sudog <= 0 || sudog > MAX_OBJECT_BYTES || chan <= 0 ||
        chan > MAX_OBJECT_BYTES || !lg_go_has(l, LG_SUDOG_WAITLINK))
        return true;
    if (!fetch_all(w, (uint32_t)sudog, sudog_of, take_sudog) ||
        !fetch_all(w, (uint32_t)chan, chan_of, take_chan))
        return false;
    count_cases(w);
    return true;
}

void lg_go_read_waits(struct lg_go_gather *r)
{
    struct lg_go_waits w = {.r = r};
    if (!r->options->with_waits || r->failed)
        return;
    if (!add_all(&w) || !read_chans(&w) || !lg_go_read_semtable(&w) ||
        !lg_go_read_parked(&w)) {
        r->failed = true;
        return;
    }
    lg_go_place_semas(&w);
    if (!fetch_all(&w, 8, object_of, take_object))
        r->failed = true;
}
