/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/oom_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void scopes_are_named_as_in_reports(void **state)
{
    (void)state;
    assert_string_equal(lg_oom_scope_name(LG_OOM_MEMCG), "memcg");
    assert_string_equal(lg_oom_scope_name(LG_OOM_HOST), "host");
    assert_string_equal(lg_oom_scope_name(LG_OOM_CPUSET), "cpuset");
    assert_string_equal(lg_oom_scope_name(LG_OOM_MEMPOLICY), "mempolicy");
    assert_null(lg_oom_scope_name(LG_OOM_UNKNOWN));
    assert_null(lg_oom_scope_name((enum lg_oom_scope)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_are_named_as_in_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
