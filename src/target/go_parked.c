/* SPDX-License-Identifier: Apache-2.0 */
/* What sleepers and goroutines in IO wait for.
 *
 *     sleep     ≥ 1.23: g.sleepWhen   ≤ 1.22: g.timer ─▶ timer.when
 *     IO wait   nothing in g points to the descriptor's pollDesc, but that
 *               points to g (rg, wg), and internal/poll.runtime_pollWait holds
 *               its address: a word of the stack top whose target points back
 *
 * Source: Go 1.27 runtime/time.go, netpoll.go. */
#include "target/go_wait_kinds.h"

/* runtime_pollWait's frame is the third or fourth from the leaf. */
#define TOP_BYTES 768
#define TOP_WORDS (TOP_BYTES / 8)
/* Of so many goroutines each word is tried; where it was found in those, it is
 * in the others: the same code parks them. */
#define TRIED_WHOLE 64
#define MAX_PLACES 8

struct parked {
    struct lg_go_waits *w;
    LG_VEC(struct lg_fetch) fetches;
    LG_VEC(uint64_t)
    candidates; /* by tag: index of the wait, word of its top */
    uint32_t places[MAX_PLACES]; /* words of the top, where it was found */
    size_t place_count;
    int32_t rg, wg, fd; /* offsets */
    bool failed;
};

static bool add_fetch(struct parked *p, uint64_t address, uint32_t bytes,
                      uint32_t tag)
{
    struct lg_fetch *f = lg_push(&p->w->r->scratch, &p->fetches);
    if (f == NULL)
        return false;
    *f = (struct lg_fetch){address, bytes, tag};
    return true;
}

static bool run_fetches(struct parked *p, lg_fetch_fn fn)
{
    size_t n = p->fetches.count;
    p->fetches.count = 0;
    return lg_image_fetch(p->w->r->go->image, p->fetches.items, n, fn, p);
}

static struct lg_go_wait *wait_of(struct parked *p, size_t i)
{
    return &p->w->r->ret->waits.items[i];
}

static void take_when(void *context, const struct lg_fetch *fetch,
                      const uint8_t *bytes)
{
    struct parked *p = context;
    struct lg_go_wait *wait = wait_of(p, fetch->tag);
    if (bytes == NULL)
        return;
    memcpy(&wait->until_ns, bytes, sizeof wait->until_ns);
    wait->is_known = wait->until_ns != 0;
}

static void take_timer(void *context, const struct lg_fetch *fetch,
                       const uint8_t *bytes)
{
    struct parked *p = context;
    int32_t when = p->w->r->go->layout->offset[LG_TIMER_WHEN];
    uint64_t timer = 0;
    if (bytes != NULL)
        memcpy(&timer, bytes, sizeof timer);
    if (timer == 0 || when < 0)
        return;
    wait_of(p, fetch->tag)->address = timer;
    p->failed |= !add_fetch(p, timer + (uint64_t)when, 8, fetch->tag);
}

static bool read_timers(struct parked *p)
{
    const struct lg_go_layout *l = p->w->r->go->layout;
    bool direct = lg_go_has(l, LG_G_SLEEP_WHEN);
    int32_t at = l->offset[direct ? LG_G_SLEEP_WHEN : LG_G_TIMER];
    for (size_t i = 0; at >= 0 && i < p->w->work.count; i++)
        if (wait_of(p, i)->kind == LG_ON_TIMER &&
            !add_fetch(p, p->w->work.items[i].g + (uint64_t)at, 8, (uint32_t)i))
            return false;
    if (direct)
        return run_fetches(p, take_when);
    struct parked timers = {.w = p->w};
    struct lg_fetch *gs = p->fetches.items;
    size_t n = p->fetches.count;
    p->fetches.count = 0;
    return lg_image_fetch(p->w->r->go->image, gs, n, take_timer, &timers) &&
           !timers.failed && run_fetches(&timers, take_when);
}

/* A word that may be the address of a pollDesc. */
static bool is_candidate(uint64_t word)
{
    return word % 8 == 0 && word > 0x10000 && word < UINT64_C(1) << 47;
}

static void add_candidate(struct parked *p, uint64_t word, size_t wait,
                          uint32_t place)
{
    uint32_t first = (uint32_t)(p->rg < p->wg ? p->rg : p->wg);
    uint64_t *c = lg_push(&p->w->r->scratch, &p->candidates);
    if (c == NULL || p->candidates.count > UINT32_MAX ||
        !add_fetch(p, word + first, 16, (uint32_t)p->candidates.count - 1)) {
        p->failed = true;
        return;
    }
    *c = (uint64_t)wait << 8 | place;
}

static void take_top(void *context, const struct lg_fetch *fetch,
                     const uint8_t *bytes)
{
    struct parked *p = context;
    uint64_t words[TOP_WORDS];
    if (bytes == NULL)
        return;
    memcpy(words, bytes, fetch->bytes);
    uint32_t n = fetch->bytes / 8;
    if (p->place_count == 0) {
        for (uint32_t i = 0; i < n; i++)
            if (is_candidate(words[i]))
                add_candidate(p, words[i], fetch->tag, i);
        return;
    }
    for (size_t k = 0; k < p->place_count; k++)
        if (p->places[k] < n && is_candidate(words[p->places[k]]))
            add_candidate(p, words[p->places[k]], fetch->tag, p->places[k]);
}

static void note_place(struct parked *p, uint32_t place)
{
    for (size_t i = 0; i < p->place_count; i++)
        if (p->places[i] == place)
            return;
    if (p->place_count < MAX_PLACES)
        p->places[p->place_count++] = place;
}

/* rg and wg lie next to each other. */
static void take_back(void *context, const struct lg_fetch *fetch,
                      const uint8_t *bytes)
{
    struct parked *p = context;
    uint64_t c = p->candidates.items[fetch->tag], words[2];
    struct lg_go_wait *wait = wait_of(p, c >> 8);
    if (bytes == NULL)
        return;
    memcpy(words, bytes, sizeof words);
    uint64_t g = p->w->work.items[c >> 8].g;
    if (words[0] != g && words[1] != g)
        return;
    wait->address = fetch->address - (uint32_t)(p->rg < p->wg ? p->rg : p->wg);
    note_place(p, (uint32_t)(c & 0xff));
}

static bool add_tops(struct parked *p, size_t *at, size_t max)
{
    size_t n = 0;
    for (; *at < p->w->work.count && n < max; (*at)++) {
        const struct lg_go_wait_work *work = &p->w->work.items[*at];
        if (wait_of(p, *at)->kind != LG_ON_IO || work->sp >= work->hi)
            continue;
        uint64_t bytes = (work->hi - work->sp) / 8 * 8;
        if (bytes > TOP_BYTES)
            bytes = TOP_BYTES;
        if (bytes != 0 &&
            !add_fetch(p, work->sp, (uint32_t)bytes, (uint32_t)*at))
            return false;
        n++;
    }
    return true;
}

/* The tops of up to max waits, then what their words point to. */
static bool look(struct parked *p, size_t *at, size_t max)
{
    if (!add_tops(p, at, max))
        return false;
    struct lg_fetch *tops = p->fetches.items;
    size_t n = p->fetches.count;
    /* Fetches of candidates are added meanwhile: to a list of their own. */
    p->fetches.items = NULL;
    p->fetches.count = p->fetches.capacity = 0;
    p->candidates.count = 0;
    return lg_image_fetch(p->w->r->go->image, tops, n, take_top, p) &&
           !p->failed && run_fetches(p, take_back);
}

static void take_fd(void *context, const struct lg_fetch *fetch,
                    const uint8_t *bytes)
{
    struct parked *p = context;
    uint64_t fd;
    if (bytes == NULL)
        return;
    memcpy(&fd, bytes, sizeof fd);
    wait_of(p, fetch->tag)->value = (int64_t)fd;
    wait_of(p, fetch->tag)->is_known = fd <= INT32_MAX;
}

static bool read_fds(struct parked *p)
{
    for (size_t i = 0; i < p->w->work.count; i++)
        if (wait_of(p, i)->kind == LG_ON_IO && wait_of(p, i)->address != 0 &&
            !add_fetch(p, wait_of(p, i)->address + (uint64_t)p->fd, 8,
                       (uint32_t)i))
            return false;
    return run_fetches(p, take_fd);
}

static bool read_io(struct parked *p)
{
    const struct lg_go_layout *l = p->w->r->go->layout;
    size_t at = 0;
    p->rg = l->offset[LG_POLL_DESC_RG];
    p->wg = l->offset[LG_POLL_DESC_WG];
    p->fd = l->offset[LG_POLL_DESC_FD];
    if (p->rg < 0 || p->fd < 0 || (p->wg != p->rg + 8 && p->rg != p->wg + 8))
        return true;
    if (!look(p, &at, TRIED_WHOLE))
        return false;
    while (at < p->w->work.count && p->place_count != 0)
        if (!look(p, &at, LG_GO_CHUNK))
            return false;
    return read_fds(p);
}

bool lg_go_read_parked(struct lg_go_waits *w)
{
    struct parked timers = {.w = w}, io = {.w = w};
    return read_timers(&timers) && read_io(&io);
}
