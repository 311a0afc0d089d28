/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/elf.h"
#include "elf_image.h"
#include "rng.h"

#include <fcntl.h>
#include <libelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"

static struct lg_str view(const struct lg_elf_image *m)
{
    return lg_str_from(m->bytes, sizeof m->bytes);
}

static void both_classes_and_orders(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct lg_elf_image m;
        struct lg_error err = {0};
        struct lg_elf elf;
        struct lg_elf_segment segment;
        struct lg_elf_section section;
        lg_elf_image_init(&m, (variant & 1) != 0, (variant & 2) != 0, 0);
        lg_elf_image_sections(&m, ".data", SHT_PROGBITS);
        memcpy(m.bytes + LG_ELF_DATA_AT + 16, "hello", 5);
        assert_true(lg_elf_parse(view(&m), &elf, &err));
        assert_int_equal(elf.type, ET_EXEC);
        assert_int_equal(elf.segment_count, 2);
        assert_int_equal(elf.section_count, 3);
        assert_true(lg_elf_segment(&elf, 0, &segment));
        assert_int_equal(segment.flags, PF_R | PF_W);
        assert_int_equal(segment.address, LG_ELF_DATA_ADDRESS);
        assert_false(lg_elf_segment(&elf, 2, &segment));
        assert_true(lg_elf_section_find(&elf, LG_STR(".data"), &section));
        assert_int_equal(section.size_bytes, 0x600);
        assert_false(lg_elf_section_find(&elf, LG_STR(".dat"), &section));
        struct lg_str at = lg_elf_at_address(&elf, LG_ELF_DATA_ADDRESS + 16);
        assert_int_equal(at.len, 0x600 - 16);
        assert_memory_equal(at.data, "hello", 5);
        assert_int_equal(lg_elf_at_address(&elf, 0x1000).len, 0);
        assert_int_equal(
            lg_elf_at_address(&elf, LG_ELF_DATA_ADDRESS + 0x600).len, 0);
    }
}

static void what_reaches_out_of_the_file_is_cut(void **state)
{
    (void)state;
    struct lg_elf_image m;
    struct lg_elf elf;
    struct lg_elf_segment segment;
    lg_elf_image_init(&m, true, false, 0);
    lg_elf_image_segment(&m, 0, PT_LOAD, PF_R | PF_W, 4090, 0x600000,
                         UINT64_MAX);
    lg_elf_image_segment(&m, 1, PT_LOAD, PF_R | PF_W, UINT64_MAX - 2, 0x700000,
                         100);
    assert_true(lg_elf_parse(view(&m), &elf, NULL));
    assert_true(lg_elf_segment(&elf, 0, &segment));
    assert_int_equal(lg_elf_segment_bytes(&elf, &segment).len, 6);
    assert_int_equal(lg_elf_at_address(&elf, 0x600004).len, 2);
    assert_int_equal(lg_elf_at_address(&elf, 0x600010).len, 0);
    assert_int_equal(lg_elf_at_address(&elf, 0x700001).len, 0);
}

static void what_is_not_elf_is_said(void **state)
{
    (void)state;
    struct lg_error err = {0};
    struct lg_elf elf;
    assert_false(lg_elf_parse(LG_STR("#!/bin/sh\nexit 0\n"), &elf, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_false(lg_elf_parse(LG_STR(""), &elf, &err));
    assert_false(lg_elf_parse(lg_str_from("\x7f"
                                          "ELF\2\1\1\0\0\0\0\0\0\0\0\0",
                                          16),
                              &elf, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
}

/* Every table of this very program, against libelf. */
static void agrees_with_libelf(void **state)
{
    (void)state;
    struct lg_mapped mapped;
    struct lg_error err = {0};
    struct lg_elf elf;
    size_t segments, sections, names;
    LG_CLOSE
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(lg_mapped_open(&mapped, AT_FDCWD, "/proc/self/exe", &err));
    assert_true(lg_elf_parse(mapped.bytes, &elf, &err));
    elf_version(EV_CURRENT);
    Elf *theirs = elf_begin(fd, ELF_C_READ, NULL);
    assert_non_null(theirs);
    assert_int_equal(elf_getphdrnum(theirs, &segments), 0);
    assert_int_equal(elf_getshdrnum(theirs, &sections), 0);
    assert_int_equal(elf_getshdrstrndx(theirs, &names), 0);
    assert_int_equal(elf.segment_count, segments);
    assert_int_equal(elf.section_count, sections);
    const Elf64_Phdr *phdr = elf64_getphdr(theirs);
    for (uint32_t i = 0; i < segments; i++) {
        struct lg_elf_segment s;
        assert_true(lg_elf_segment(&elf, i, &s));
        assert_int_equal(s.type, phdr[i].p_type);
        assert_int_equal(s.address, phdr[i].p_vaddr);
        assert_int_equal(s.offset, phdr[i].p_offset);
        assert_int_equal(s.file_bytes, phdr[i].p_filesz);
    }
    for (uint32_t i = 0; i < sections; i++) {
        struct lg_elf_section s;
        const Elf64_Shdr *shdr = elf64_getshdr(elf_getscn(theirs, i));
        assert_true(lg_elf_section(&elf, i, &s));
        assert_int_equal(s.type, shdr->sh_type);
        assert_int_equal(s.address, shdr->sh_addr);
        assert_int_equal(s.size_bytes, shdr->sh_size);
        const char *name = elf_strptr(theirs, names, shdr->sh_name);
        assert_int_equal(s.name.len, strlen(name));
        assert_memory_equal(s.name.data, name, s.name.len);
    }
    (void)elf_end(theirs);
    lg_mapped_deinit(&mapped);
}

static void walk(struct lg_str file)
{
    struct lg_elf elf;
    struct lg_elf_segment segment;
    struct lg_elf_section section;
    struct lg_elf_note note;
    if (!lg_elf_parse(file, &elf, NULL))
        return;
    for (uint32_t i = 0; lg_elf_segment(&elf, i, &segment); i++) {
        struct lg_str rest = lg_elf_segment_bytes(&elf, &segment);
        while (lg_elf_note_next(&elf, &rest, segment.align, &note))
            assert_true(note.description.len <= file.len);
        (void)lg_elf_at_address(&elf, segment.address);
    }
    for (uint32_t i = 0; lg_elf_section(&elf, i, &section); i++)
        assert_true(lg_elf_section_bytes(&elf, &section).len <= file.len);
}

static void damage_never_crashes(void **state)
{
    (void)state;
    struct lg_rng rng = {.state = 0xe1f};
    for (int variant = 0; variant < 4; variant++) {
        struct lg_elf_image m, damaged;
        lg_elf_image_init(&m, (variant & 1) != 0, (variant & 2) != 0, 64);
        lg_elf_image_sections(&m, ".go.buildinfo", SHT_PROGBITS);
        for (size_t len = 0; len < sizeof m.bytes; len += 7) {
            char *copy = test_malloc(len + 1);
            memcpy(copy, m.bytes, len);
            walk(lg_str_from(copy, len));
            test_free(copy);
        }
        for (int i = 0; i < 3000; i++) {
            damaged = m;
            for (int flips = 0; flips < 4; flips++) {
                size_t at = lg_rng_below(&rng, 2) != 0
                                ? lg_rng_below(&rng, 0xc0)
                                : LG_ELF_SECTIONS_AT + lg_rng_below(&rng, 192);
                damaged.bytes[at] = (unsigned char)lg_rng_u64(&rng);
            }
            walk(view(&damaged));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_classes_and_orders),
        cmocka_unit_test(what_reaches_out_of_the_file_is_cut),
        cmocka_unit_test(what_is_not_elf_is_said),
        cmocka_unit_test(agrees_with_libelf),
        cmocka_unit_test(damage_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
