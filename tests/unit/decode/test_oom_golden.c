/* SPDX-License-Identifier: Apache-2.0 */
/* Every log of tests/golden/oom against the JSON beside it. LG_BLESS=1 writes
 * it anew (tests/golden/oom/bless.sh); read the difference before you commit
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "oom_dump.h"
#include "oom_logs.h"

static void compare(int dir_fd, const char *name, struct lg_str log,
                    struct lg_arena *arena)
{
    struct oom_dump d;
    struct lg_error err = {0};
    char json[300];
    struct lg_str wanted;
    oom_dump(log, arena, true, &d);
    struct lg_str got = lg_sb_view(&d.sb);
    snprintf(json, sizeof json, "%.*s.json", (int)strlen(name) - 4, name);
    if (getenv("LG_BLESS") != NULL) {
        assert_true(lg_write_file(dir_fd, json, got, 0644, &err));
        return;
    }
    assert_true(lg_read_file(dir_fd, json, 1 << 20, arena, &wanted, &err));
    if (!lg_str_eq(got, wanted)) {
        print_error("%s: got\n%.*s\n", name, LG_STR_ARG(got));
        fail();
    }
    assert_true(d.event_count > 0);
}

static void every_log_gives_its_json(void **state)
{
    (void)state;
    assert_true(oom_logs_each(compare) >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_log_gives_its_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
