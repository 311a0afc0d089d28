/* SPDX-License-Identifier: Apache-2.0 */
/* Up to Go 1.25 a goroutine that waits for a semaphore does not point to it:
 * it is found the other way round.
 *
 *     semtable[251] ─▶ treap by address: prev = left, next = right
 *                        └ waitlink ─▶ others that wait at the same address
 *
 * Source: Go 1.25 runtime/sema.go. */
#include "target/go_wait_kinds.h"

#define MAX_SUDOG_BYTES 512
#define MAX_ROOTS 4096
/* Of a treap that is walked depth first: random priorities keep it near
 * 3 log2 n. Beyond this it lies. */
#define MAX_DEPTH 256
/* Those that wait, beside the goroutines that were counted. */
#define SPARE_SUDOGS 4096

struct sema_walk {
    struct lg_go_gather *r;
    struct lg_map by_g; /* g → address of the semaphore */
    uint64_t left;      /* sudogs that may still be looked at */
    uint32_t sudog_bytes;
    uint64_t stack[MAX_DEPTH];
    size_t depth;
};

static bool note(struct sema_walk *s, uint64_t g, uint64_t sema)
{
    uint64_t *place = lg_map_put_u64(&s->by_g, g, NULL);
    if (place == NULL)
        return false;
    *place = sema;
    return true;
}

static void push(struct sema_walk *s, uint64_t sudog)
{
    if (sudog != 0 && s->depth < MAX_DEPTH)
        s->stack[s->depth++] = sudog;
}

/* A node of the treap, and all that wait at the same address. */
static bool walk_node(struct sema_walk *s, uint64_t at)
{
    const struct lg_go *go = s->r->go;
    _Alignas(8) uint8_t sudog[MAX_SUDOG_BYTES];
    bool is_node = true;
    while (at != 0 && s->left != 0) {
        s->left--;
        if (!lg_image_read(go->image, at, sudog, s->sudog_bytes))
            return true;
        if (!note(s, lg_go_get(go, sudog, LG_SUDOG_G),
                  lg_go_get(go, sudog, LG_SUDOG_ELEM)))
            return false;
        if (is_node) {
            push(s, lg_go_get(go, sudog, LG_SUDOG_PREV));
            push(s, lg_go_get(go, sudog, LG_SUDOG_NEXT));
        }
        is_node = false;
        at = lg_go_get(go, sudog, LG_SUDOG_WAITLINK);
    }
    return true;
}

static bool walk_roots(struct sema_walk *s)
{
    const struct lg_go *go = s->r->go;
    const struct lg_go_layout *l = go->layout;
    int32_t count = l->offset[LG_SEMTABLE_COUNT];
    int32_t stride = l->offset[LG_SEMTABLE_STRIDE];
    int32_t treap = l->offset[LG_SEMAROOT_TREAP];
    uint64_t root;
    if (count <= 0 || count > MAX_ROOTS || stride <= 0 || treap < 0)
        return true;
    for (int32_t i = 0; i < count; i++) {
        uint64_t at =
            go->vars[LG_VAR_SEMTABLE] + (uint64_t)i * (uint64_t)stride;
        if (!lg_image_u64(go->image, at + (uint64_t)treap, &root))
            return true;
        push(s, root);
        while (s->depth != 0)
            if (!walk_node(s, s->stack[--s->depth]))
                return false;
    }
    return true;
}

static bool is_sema(enum lg_go_wait_kind kind)
{
    return kind == LG_ON_MUTEX || kind == LG_ON_RWMUTEX_READ ||
           kind == LG_ON_RWMUTEX_WRITE || kind == LG_ON_WAIT_GROUP ||
           kind == LG_ON_SEMAPHORE;
}

static bool is_wanted(const struct lg_go_waits *w, size_t i)
{
    return w->work.items[i].sema == 0 &&
           is_sema(w->r->ret->waits.items[i].kind);
}

bool lg_go_read_semtable(struct lg_go_waits *w)
{
    struct lg_go_gather *r = w->r;
    int32_t bytes = r->go->layout->offset[LG_SUDOG_SIZE];
    struct sema_walk s = {.r = r, .sudog_bytes = (uint32_t)bytes};
    size_t wanted = 0;
    for (size_t i = 0; i < w->work.count; i++)
        wanted += is_wanted(w, i);
    if (wanted == 0 || r->go->vars[LG_VAR_SEMTABLE] == 0 || bytes <= 0 ||
        bytes > MAX_SUDOG_BYTES)
        return true;
    s.left = r->ret->total + r->ret->system_count + SPARE_SUDOGS;
    lg_map_init(&s.by_g, &r->scratch);
    if (!walk_roots(&s))
        return false;
    for (size_t i = 0; i < w->work.count; i++) {
        const uint64_t *sema = lg_map_find_u64(&s.by_g, w->work.items[i].g);
        if (is_wanted(w, i) && sema != NULL)
            w->work.items[i].sema = *sema;
    }
    return true;
}
