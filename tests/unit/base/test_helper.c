/* SPDX-License-Identifier: Apache-2.0 */
#include "base/helper.h"

#include "base/ahead.h"
#include "base/parallel.h"
#include "base/thread.h"
#include "base/vec.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void *add_one(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
    return NULL;
}

/* Whatever is handed over is done once, by a helper or not at all. */
static void test_turns(void **state)
{
    for (int i = 0; i < 2000; i++) {
        atomic_int sum = 0;
        struct lg_helper h = {0};
        lg_helper_begin(&h, add_one, &sum,
                        i % 3 == 0 ? LG_HELPER_LEAVES : LG_HELPER_STAYS);
        lg_helper_end(&h);
        assert_int_equal(sum, h.is_started ? 1 : 0);
        assert_true(!h.is_started || lg_processor_count() > 1);
    }
    assert_false(lg_helpers_crowd());
}

static void *wait_for_it(void *context)
{
    while (!atomic_load((atomic_bool *)context))
        sched_yield();
    return NULL;
}

/* With as many at work as there are processors, nobody helps. */
static void test_no_crowd(void **state)
{
    struct lg_helper helpers[64] = {0};
    atomic_bool go = false;
    atomic_int sum = 0;
    size_t count = lg_processor_count() < LG_COUNT(helpers)
                       ? lg_processor_count()
                       : LG_COUNT(helpers);
    for (size_t i = 0; i < count; i++)
        lg_helper_begin(&helpers[i], wait_for_it, &go, LG_HELPER_LEAVES);
    struct lg_helper one_more = {0};
    lg_helper_begin(&one_more, add_one, &sum, LG_HELPER_LEAVES);
    assert_true(!one_more.is_started || count == LG_COUNT(helpers));
    atomic_store(&go, true);
    lg_helper_end(&one_more);
    for (size_t i = 0; i < count; i++)
        lg_helper_end(&helpers[i]);
    assert_false(lg_helpers_crowd());
}

static void *call_helpers(void *context)
{
    atomic_int *sum = context;
    for (int i = 0; i < 500; i++) {
        struct lg_helper h = {0};
        lg_helper_begin(&h, add_one, sum,
                        i % 2 == 0 ? LG_HELPER_LEAVES : LG_HELPER_STAYS);
        if (!h.is_started)
            (void)add_one(sum);
        lg_helper_end(&h);
    }
    return NULL;
}

static void test_many_callers(void **state)
{
    pthread_t threads[4];
    atomic_int sum = 0;
    for (size_t i = 0; i < LG_COUNT(threads); i++)
        assert_true(lg_thread_start(&threads[i], call_helpers, &sum));
    for (size_t i = 0; i < LG_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sum, 4 * 500);
}

/* A child has no helpers but its own, though one was waiting in its parent. */
static void test_fork(void **state)
{
    for (int i = 0; i < 50; i++) {
        atomic_int sum = 0;
        struct lg_helper h = {0};
        int status = -1;
        lg_helper_begin(&h, add_one, &sum, LG_HELPER_STAYS);
        lg_helper_end(&h);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            lg_helper_begin(&h, add_one, &sum, LG_HELPER_LEAVES);
            lg_helper_end(&h);
            _exit(lg_processor_count() > 1 ? !h.is_started : 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

static void test_parallel(void **state)
{
    atomic_int parts[LG_PARALLEL_MAX_PARTS] = {0};
    lg_parallel(add_one, parts, sizeof parts[0], LG_COUNT(parts));
    for (size_t i = 0; i < LG_COUNT(parts); i++)
        assert_int_equal(parts[i], 1);
}

/* What stands in a room stays, whoever touches it and when. */
static void test_ahead(void **state)
{
    static const size_t sizes[] = {0, 100, 300000, 3000000};
    for (size_t i = 0; i < LG_COUNT(sizes); i++) {
        struct lg_arena arena;
        struct lg_ahead ahead;
        lg_arena_init(&arena, 0);
        char *now = lg_new(&arena, char, sizes[i] + 1);
        struct lg_room next = lg_arena_room(&arena, sizes[i]);
        assert_non_null(now);
        lg_ahead_begin(&ahead, (struct lg_room){now, sizes[i]}, next);
        memset(now, 7, sizes[i]);
        lg_ahead_end(&ahead);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(now[k], 7);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),        cmocka_unit_test(test_no_crowd),
        cmocka_unit_test(test_many_callers), cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_fork),         cmocka_unit_test(test_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
