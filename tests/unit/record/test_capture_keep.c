/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "record/capture_keep.h"
#include "rng.h"

#include <string.h>

static struct lg_kept_capture made(uint32_t id, uint64_t t_ns, uint64_t usage,
                                   bool complete)
{
    return (struct lg_kept_capture){
        .id = id, .t_ns = t_ns, .usage_bytes = usage, .complete = complete};
}

static bool has(const struct lg_kept *kept, uint32_t id)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (kept->items[i].id == id) {
            return true;
        }
    }
    return false;
}

/* Whatever comes: the first, the newest ones and the newest complete one stay,
 * in order, and what goes is in the list no more. */
static void test_what_always_stays(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct lg_rng rng = {seed};
        struct lg_kept kept = {0};
        struct lg_kept_capture gone;
        uint64_t t = 0;
        uint32_t complete = 1;
        for (uint32_t id = 1; id <= 500; id++) {
            t += 1 + lg_rng_below(&rng, 1000) * LG_NS_PER_MS;
            struct lg_kept_capture c = made(id, t, lg_rng_below(&rng, 1000),
                                            lg_rng_below(&rng, 4) != 0);
            complete = c.complete ? id : complete;
            bool removed = lg_kept_add(&kept, &c, &gone);
            assert_int_equal(removed, id > LG_KEEP_MAX);
            assert_true(!removed || !has(&kept, gone.id));
            assert_true(has(&kept, 1) && has(&kept, complete));
            for (uint32_t k = 0; k < LG_KEEP_NEWEST && k < id; k++) {
                assert_true(has(&kept, id - k));
            }
        }
        assert_int_equal(kept.count, LG_KEEP_MAX);
        for (size_t i = 1; i < kept.count; i++) {
            assert_true(kept.items[i - 1].id < kept.items[i].id);
        }
    }
}

/* Even growth: what is kept is spread over all of it. */
static void test_spread(void **state)
{
    (void)state;
    struct lg_kept kept = {0};
    struct lg_kept_capture gone;
    for (uint32_t id = 1; id <= 1000; id++) {
        struct lg_kept_capture c = made(id, id * LG_NS_PER_S, id, true);
        (void)lg_kept_add(&kept, &c, &gone);
    }
    for (size_t i = 1; i < kept.count; i++) {
        assert_true(kept.items[i].id - kept.items[i - 1].id <= 150);
    }
}

/* All at one moment, without memory use: nothing to go by, and no division. */
static void test_nothing_to_go_by(void **state)
{
    (void)state;
    struct lg_kept kept = {0};
    struct lg_kept_capture gone;
    for (uint32_t id = 1; id <= 100; id++) {
        struct lg_kept_capture c = made(id, 0, 0, false);
        (void)lg_kept_add(&kept, &c, &gone);
    }
    assert_int_equal(kept.count, LG_KEEP_MAX);
    assert_true(has(&kept, 1) && has(&kept, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_always_stays),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_nothing_to_go_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
