/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ahead.h"

/* More than this would leave the caches again before it is filled. */
#define MAX_OWN_BYTES ((size_t)8 << 20)
/* Small, so that the caller does not catch up in the middle of a step. */
#define STEP_BYTES ((size_t)128 << 10)

static bool touch_room(struct lg_ahead *a, const struct lg_room *room)
{
    for (size_t at = 0; at < room->bytes; at += STEP_BYTES) {
        size_t left = room->bytes - at;
        if (atomic_load(&a->stop) || lg_helpers_crowd())
            return false;
        lg_touch_pages((char *)room->data + at,
                       left < STEP_BYTES ? left : STEP_BYTES);
    }
    return true;
}

static void *touch_rooms(void *context)
{
    struct lg_ahead *a = context;
    for (size_t i = 0; i < LG_AHEAD_ROOMS && touch_room(a, &a->rooms[i]); i++)
        continue;
    return NULL;
}

/* Whoever fills a small room touches it itself, unless there is more to do. */
static bool is_worth_a_helper(struct lg_room now, struct lg_room next)
{
    return now.bytes > MAX_OWN_BYTES || next.bytes != 0;
}

void lg_ahead_begin(struct lg_ahead *a, struct lg_room now, struct lg_room next)
{
    *a = (struct lg_ahead){.rooms = {now, next}};
    if (is_worth_a_helper(now, next))
        lg_helper_begin(&a->helper, touch_rooms, a,
                        next.bytes != 0 ? LG_HELPER_STAYS : LG_HELPER_LEAVES);
    if (!a->helper.is_started && now.bytes <= MAX_OWN_BYTES)
        lg_touch_pages(now.data, now.bytes);
}

void lg_ahead_end(struct lg_ahead *a)
{
    atomic_store(&a->stop, true);
    lg_helper_end(&a->helper);
}
