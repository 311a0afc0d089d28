/* SPDX-License-Identifier: Apache-2.0 */
/* Both maps beside a list that is searched from the front. */
#include "base/map.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"

#define MAX_KEYS 600

struct list {
    struct lg_str keys[MAX_KEYS];
    uint64_t numbers[MAX_KEYS], values[MAX_KEYS];
    size_t count;
};

static size_t list_find(const struct list *l, struct lg_str key,
                        uint64_t number)
{
    size_t i = 0;
    while (i < l->count &&
           (l->numbers[i] != number || !lg_str_eq(l->keys[i], key)))
        i++;
    return i;
}

/* Keys that come again often; many are equal in their low bits, one is 0. */
static uint64_t any_number(struct lg_rng *rng)
{
    return (uint64_t)lg_rng_below(rng, 12) << (4 * lg_rng_below(rng, 16));
}

static struct lg_str any_key(struct lg_rng *rng, char text[4])
{
    size_t len = lg_rng_below(rng, 5);
    lg_rng_text(rng, "ab\0z", 4, text, len);
    return (struct lg_str){len == 0 && rng->state % 2 ? NULL : text, len};
}

struct play {
    uint64_t seed;
    bool strings;
};

/* All that went in is there, in order; also after a refusal. */
static void assert_same(const struct lg_map *map, const struct list *list,
                        bool strings)
{
    assert_int_equal(map->count, list->count);
    for (size_t i = 0; i < list->count; i++) {
        uint64_t *found = strings ? lg_map_find_str(map, list->keys[i])
                                  : lg_map_find_u64(map, list->numbers[i]);
        assert_ptr_equal(found, &map->entries[i].value);
        assert_true(*found == list->values[i]);
        assert_true(lg_str_eq(map->entries[i].key, list->keys[i]));
        assert_true(strings || map->entries[i].number == list->numbers[i]);
    }
}

static bool play(void *context, struct lg_arena *arena, struct lg_error *err)
{
    const struct play *p = context;
    struct lg_rng rng = {p->seed};
    struct list list = {.count = 0};
    struct lg_map map;
    struct lg_arena keys;
    bool ok = true;
    lg_arena_init(&keys, 0);
    lg_map_init(&map, arena);
    for (size_t step = 0; ok && step < MAX_KEYS; step++) {
        char text[4];
        struct lg_str key = {NULL, 0};
        uint64_t number = 0;
        if (p->strings)
            key = any_key(&rng, text);
        else
            number = any_number(&rng);
        size_t at = list_find(&list, key, number);
        uint64_t *found = p->strings ? lg_map_find_str(&map, key)
                                     : lg_map_find_u64(&map, number);
        assert_int_equal(found != NULL, at < list.count);
        if (p->strings)
            key = lg_str_dup(&keys, key);
        bool fresh = false;
        uint64_t *place = p->strings ? lg_map_put_str(&map, key, &fresh)
                                     : lg_map_put_u64(&map, number, &fresh);
        ok = place != NULL;
        if (!ok)
            break;
        if (step % 97 == 7)
            ok = lg_map_reserve(&map, step);
        place = p->strings ? lg_map_find_str(&map, key)
                           : lg_map_find_u64(&map, number);
        assert_non_null(place);
        assert_int_equal(fresh, at == list.count);
        assert_true(*place == (fresh ? 0 : list.values[at]));
        list.keys[at] = key;
        list.numbers[at] = number;
        *place = list.values[at] = step + 1;
        list.count += fresh;
    }
    assert_same(&map, &list, p->strings);
    lg_arena_deinit(&keys);
    return ok || lg_fail_nomem(err);
}

static void same_as_a_list(void **state)
{
    for (uint64_t seed = 25; seed < 65; seed++) {
        struct lg_arena arena;
        struct play numbers = {seed, false}, strings = {seed, true};
        lg_arena_init(&arena, 0);
        assert_true(play(&numbers, &arena, NULL));
        assert_true(play(&strings, &arena, NULL));
        lg_arena_deinit(&arena);
    }
}

static void refusals_leave_it_whole(void **state)
{
    struct play numbers = {66, false}, strings = {67, true};
    assert_true(lg_alloc_fail_all(play, &numbers) > 100);
    assert_true(lg_alloc_fail_all(play, &strings) > 100);
}

static void an_empty_map_has_nothing(void **state)
{
    struct lg_map map;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    lg_map_init(&map, &arena);
    assert_null(lg_map_find_u64(&map, 0));
    assert_null(lg_map_find_str(&map, LG_STR("")));
    assert_non_null(lg_map_put_str(&map, (struct lg_str){NULL, 0}, NULL));
    assert_non_null(lg_map_find_str(&map, LG_STR("")));
    assert_int_equal(map.count, 1);
    lg_arena_deinit(&arena);
}

/* Longest run of occupied slots: what a lookup costs at worst. */
static size_t longest_run(const struct lg_map *map)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < 2 * map->slot_count; i++) {
        run = map->slots[i % map->slot_count] != 0 ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void regular_keys_spread(void **state)
{
    /* Addresses, sizes, counters: whatever the stride, no long runs. */
    for (unsigned shift = 0; shift < 48; shift += 3) {
        struct lg_map map;
        struct lg_arena arena;
        lg_arena_init(&arena, 0);
        lg_map_init(&map, &arena);
        for (uint64_t i = 0; i < 4000; i++)
            assert_non_null(lg_map_put_u64(&map, i << shift, NULL));
        assert_true(longest_run(&map) < 200);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_a_list),
        cmocka_unit_test(refusals_leave_it_whole),
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(regular_keys_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
