/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/proc_maps.h"

#include "base/vec.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "00400000-0052a000 r-xp 00001000 fd:01 1234       /usr/bin/my app\n"
    "not a mapping\n"
    "c000000000-c000400000 rw-p 00000000 00:00 0      [anon: Go: heap]\n"
    "7f00-8000 ---s 00000000 00:05 9 /dev/zero (deleted)\n"
    "9000-8000 rw-p 00000000 00:00 0 \n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]";

static void assert_str(struct lg_str s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.data, expected, s.len);
}

static void lines_are_read(void **state)
{
    (void)state;
    struct lg_str rest = lg_str_of(text);
    struct lg_map_line m;
    assert_true(lg_proc_maps_next(&rest, &m));
    assert_true(m.can_read && !m.can_write && m.can_exec && !m.is_shared);
    assert_int_equal(m.start, 0x400000);
    assert_int_equal(m.end, 0x52a000);
    assert_int_equal(m.offset, 0x1000);
    assert_int_equal(m.inode, 1234);
    assert_str(m.device, "fd:01");
    assert_str(m.name, "/usr/bin/my app");
    assert_true(lg_proc_maps_next(&rest, &m));
    assert_int_equal(m.start, 0xc000000000);
    assert_true(m.can_write && m.inode == 0);
    assert_str(m.name, "[anon: Go: heap]");
    assert_true(lg_proc_maps_next(&rest, &m));
    assert_true(m.is_shared && m.is_deleted && !m.can_read);
    assert_str(m.name, "/dev/zero");
    assert_true(lg_proc_maps_next(&rest, &m));
    assert_int_equal(m.end, 0xffffffffff601000);
    assert_false(lg_proc_maps_next(&rest, &m));
}

static void damage_never_crashes(void **state)
{
    (void)state;
    struct lg_rng rng = {.state = 0x3a95};
    char copy[sizeof text];
    for (int i = 0; i < 5000; i++) {
        size_t len = lg_rng_below(&rng, sizeof text);
        struct lg_map_line m;
        memcpy(copy, text, sizeof text);
        for (int flips = 0; flips < 5; flips++)
            copy[lg_rng_below(&rng, sizeof text)] = (char)lg_rng_u64(&rng);
        struct lg_str rest = lg_str_from(copy, len);
        while (lg_proc_maps_next(&rest, &m))
            assert_true(m.start < m.end && m.name.len <= len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(damage_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
