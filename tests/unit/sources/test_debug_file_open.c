/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/debug_file_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <zlib.h>

#include <cmocka.h>

#include "dwarf_image.h"
#include "link_image.h"
#include "tmpdir.h"

struct place {
    char binary[300], folder[300], debug[300];
};

static struct place place_in(void *const *state)
{
    struct place p;
    snprintf(p.binary, sizeof p.binary, "%s/service", (const char *)*state);
    snprintf(p.folder, sizeof p.folder, "%s/.debug", (const char *)*state);
    snprintf(p.debug, sizeof p.debug, "%s/.debug/service.dbg",
             (const char *)*state);
    return p;
}

static struct lg_bytes put_debug(const struct place *p)
{
    struct lg_bytes info = {0};
    lg_unit_end(&info, lg_unit_begin(&info, 5, "runtime"));
    struct lg_bytes elf = lg_dwarf_elf(&info, LG_PACK_NEW);
    free(info.data);
    assert_true(lg_make_dirs(p->folder, 0755, NULL));
    assert_true(lg_write_file(AT_FDCWD, p->debug,
                              lg_str_from(elf.data, elf.len), 0644, NULL));
    return elf;
}

static void test_found(void **state)
{
    unsigned char bytes[LG_LINK_IMAGE_BYTES];
    struct place p = place_in(state);
    struct lg_bytes debug = put_debug(&p);
    uint32_t crc = (uint32_t)crc32(0, debug.data, (uInt)debug.len);
    struct lg_str path = lg_str_of(p.binary);
    struct lg_mapped m = {0};
    assert_true(lg_debug_file_open(lg_link_image(bytes, 0, "service.dbg", crc),
                                   path, &m));
    assert_int_equal(m.bytes.len, debug.len);
    lg_mapped_deinit(&m);
    /* another build's, another name, none */
    assert_false(lg_debug_file_open(
        lg_link_image(bytes, 0, "service.dbg", crc + 1), path, &m));
    assert_false(
        lg_debug_file_open(lg_link_image(bytes, 0, "x.dbg", crc), path, &m));
    assert_false(
        lg_debug_file_open(lg_link_image(bytes, 0, NULL, 0), path, &m));
    /* a binary that has its own needs no other */
    assert_false(
        lg_debug_file_open(lg_str_from(debug.data, debug.len), path, &m));
    free(debug.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found, lg_tmpdir_setup,
                                        lg_tmpdir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
