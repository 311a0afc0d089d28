/* SPDX-License-Identifier: Apache-2.0 */
#include "target/debug_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#include "link_image.h"

static void assert_names(struct lg_str elf, const char *path,
                         const char *const *names, size_t count)
{
    struct lg_arena arena;
    struct lg_debug_file_names list;
    lg_arena_init(&arena, (size_t)1 << 20);
    assert_true(lg_debug_file_names(elf, lg_str_of(path), &arena, &list, NULL));
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list.items[i].data, names[i]);
    lg_arena_deinit(&arena);
}

static void test_names(void **state)
{
    unsigned char bytes[LG_LINK_IMAGE_BYTES];
    static const char *const all[] = {
        "/usr/lib/debug/.build-id/a0/a1a2a3.debug",
        "/opt/app/bin/consumer.debug", "/opt/app/bin/.debug/consumer.debug",
        "/usr/lib/debug/opt/app/bin/consumer.debug"};
    static const char *const at_root[] = {"/x.dbg", "/.debug/x.dbg",
                                          "/usr/lib/debug/x.dbg"};
    assert_names(lg_link_image(bytes, 4, "consumer.debug", 1),
                 "/opt/app/bin/consumer", all, 4);
    assert_names(lg_link_image(bytes, 4, NULL, 0), "/opt/app/bin/consumer", all,
                 1);
    assert_names(lg_link_image(bytes, 0, "x.dbg", 0), "/x", at_root, 3);
    assert_names(lg_link_image(bytes, 0, "../../etc/shadow", 0), "/x", NULL, 0);
    assert_names(lg_link_image(bytes, 0, NULL, 0), "/x", NULL, 0);
    assert_names(LG_STR("no ELF"), "/x", NULL, 0);
}

static void test_fits(void **state)
{
    unsigned char a[LG_LINK_IMAGE_BYTES], b[LG_LINK_IMAGE_BYTES];
    assert_true(lg_debug_file_fits(lg_link_image(a, 4, NULL, 0),
                                   lg_link_image(b, 4, NULL, 0)));
    assert_false(lg_debug_file_fits(lg_link_image(a, 4, NULL, 0),
                                    lg_link_image(b, 5, NULL, 0)));
    assert_false(lg_debug_file_fits(lg_link_image(a, 4, NULL, 0),
                                    lg_link_image(b, 0, NULL, 0)));
    struct lg_str debug = lg_link_image(b, 0, NULL, 0);
    uint32_t crc = (uint32_t)crc32(0, b, LG_LINK_IMAGE_BYTES);
    assert_true(lg_debug_file_fits(lg_link_image(a, 0, "x", crc), debug));
    assert_false(lg_debug_file_fits(lg_link_image(a, 0, "x", crc + 1), debug));
    assert_false(lg_debug_file_fits(lg_link_image(a, 0, NULL, 0), debug));
    assert_false(
        lg_debug_file_fits(lg_link_image(a, 4, NULL, 0), LG_STR("no ELF")));
}

static void test_cut(void **state)
{
    unsigned char bytes[LG_LINK_IMAGE_BYTES];
    struct lg_str file = lg_link_image(bytes, 4, "consumer.debug", 1);
    struct lg_arena arena;
    struct lg_debug_file_names list;
    for (; file.len > 0; file.len--) {
        lg_arena_init(&arena, (size_t)1 << 20);
        assert_true(
            lg_debug_file_names(file, LG_STR("/a/b"), &arena, &list, NULL));
        assert_true(list.count <= 4);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
