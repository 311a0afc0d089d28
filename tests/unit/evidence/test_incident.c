/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/incident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void finds_the_newest(void **state)
{
    struct lg_profile profile = {0};
    struct lg_goroutines dump = {0};
    struct lg_memstats stats = {0};
    struct lg_process process = {0};
    struct lg_capture captures[] = {
        {.id = 1, .heap = &profile, .goroutines = &dump, .process = &process},
        {.id = 2, .heap = &profile, .memstats = &stats},
        {.id = 3, .goroutine_profile = &profile},
        {.id = 4},
    };
    struct lg_incident in = {0};
    in.captures.items = captures;
    in.captures.count = LG_COUNT(captures);
    assert_ptr_equal(lg_incident_last_heap(&in), &captures[1]);
    assert_ptr_equal(lg_incident_last_goroutines(&in), &captures[2]);
    assert_ptr_equal(lg_incident_last_memstats(&in), &captures[1]);
    assert_ptr_equal(lg_incident_last_process(&in), &captures[0]);
    in.captures.count = 0;
    assert_null(lg_incident_last_heap(&in));
    assert_null(lg_incident_last_goroutines(&in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_newest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
