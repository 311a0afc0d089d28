/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "sources/kmsg.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t wall(void *context)
{
    (void)context;
    return 1000;
}

static uint64_t mono(void *context)
{
    (void)context;
    return 400;
}

static void boot_time_is_the_clocks_difference(void **state)
{
    static const struct lg_clock clock = {.wall_ns = wall, .mono_ns = mono};
    struct lg_host host = {.root_fd = -1, .clock = &clock};
    (void)state;
    assert_int_equal(lg_boot_wall_ns(&host), 600);
}

static void reads_this_machines_log(void **state)
{
    struct lg_host host;
    struct lg_kmsg k;
    struct lg_error err = {0};
    static char buffer[16384];
    size_t records = 0, len = 1;
    bool end = false, lost = false;
    (void)state;
    assert_true(lg_host_init(&host, NULL, &err));
    if (!lg_kmsg_open(&k, &host, false, false, &err)) {
        /* A container or an ordinary user: then the reason is said. */
        assert_true(err.kind == LG_DENIED || err.kind == LG_ABSENT);
        assert_true(strlen(err.text) > 20);
        lg_host_deinit(&host);
        skip();
    }
    while (!k.is_journal && !end && records < 100000) {
        assert_true(
            lg_kmsg_read(&k, buffer, sizeof buffer, &len, &end, &lost, &err));
        assert_true(end == (len == 0));
        if (len != 0) {
            assert_int_equal(buffer[len - 1], '\n');
            assert_true(lg_str_contains(lg_str_from(buffer, len), LG_STR(";")));
            records++;
        }
    }
    lg_kmsg_close(&k);
    assert_int_equal(k.fd, -1);
    /* From the end on there is nothing yet. */
    if (lg_kmsg_open(&k, &host, true, true, &err) && !k.is_journal)
        assert_true(
            lg_kmsg_read(&k, buffer, sizeof buffer, &len, &end, &lost, &err));
    lg_kmsg_close(&k);
    lg_host_deinit(&host);
}

static void a_copy_without_a_log_says_so(void **state)
{
    struct lg_host host;
    struct lg_kmsg k;
    struct lg_error err = {0};
    char dir[] = "/tmp/lastgasp-kmsg-XXXXXX", path[64];
    static char buffer[16384];
    size_t len = 0;
    bool end = false, lost = false;
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_true(lg_host_init(&host, dir, &err));
    assert_false(lg_kmsg_open(&k, &host, false, false, &err));
    assert_int_equal(err.kind, LG_ABSENT);

    /* One that was copied as a file is read as bytes. */
    snprintf(path, sizeof path, "%s/dev", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(lg_write_file(host.root_fd, "dev/kmsg",
                              LG_STR("6,1,2,-;three\n"), 0600, &err));
    assert_true(lg_kmsg_open(&k, &host, false, false, &err));
    assert_true(
        lg_kmsg_read(&k, buffer, sizeof buffer, &len, &end, &lost, &err));
    assert_true(lg_str_eq(lg_str_from(buffer, len), LG_STR("6,1,2,-;three\n")));
    assert_false(end);
    assert_true(
        lg_kmsg_read(&k, buffer, sizeof buffer, &len, &end, &lost, &err));
    assert_true(end && len == 0 && !lost);
    lg_kmsg_close(&k);
    lg_host_deinit(&host);
    assert_true(lg_remove_tree(AT_FDCWD, dir, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_time_is_the_clocks_difference),
        cmocka_unit_test(reads_this_machines_log),
        cmocka_unit_test(a_copy_without_a_log_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
