/* SPDX-License-Identifier: Apache-2.0 */
#include "target/debug_file.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#define NAMES "\0.note.gnu.build-id\0.gnu_debuglink\0.shstrtab"
#define FILE_BYTES 1024
#define LINK_AT 512
#define NOTE_AT 600
#define NAMES_AT 700

/* A file with both sections; id_bytes 0, link NULL: without. */
static struct lg_str make(unsigned char bytes[FILE_BYTES], size_t id_bytes,
                          const char *link, uint32_t crc)
{
    memset(bytes, 0, FILE_BYTES);
    Elf64_Ehdr head = {.e_type = ET_EXEC,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_shoff = sizeof head,
                       .e_ehsize = sizeof head,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = 4,
                       .e_shstrndx = 3};
    memcpy(head.e_ident, "\177ELF\2\1\1", 7);
    size_t link_bytes =
        link == NULL ? 0 : ((strlen(link) + 4) & ~(size_t)3) + 4;
    Elf64_Shdr s[4] = {{0},
                       {.sh_name = id_bytes != 0,
                        .sh_type = SHT_NOTE,
                        .sh_offset = NOTE_AT,
                        .sh_size = 16 + id_bytes,
                        .sh_addralign = 4},
                       {.sh_name = link != NULL ? 20 : 0,
                        .sh_type = SHT_PROGBITS,
                        .sh_offset = LINK_AT,
                        .sh_size = link_bytes},
                       {.sh_name = 35,
                        .sh_type = SHT_STRTAB,
                        .sh_offset = NAMES_AT,
                        .sh_size = sizeof NAMES}};
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, s, sizeof s);
    memcpy(bytes + NAMES_AT, NAMES, sizeof NAMES);
    Elf64_Nhdr note = {4, (Elf64_Word)id_bytes, NT_GNU_BUILD_ID};
    memcpy(bytes + NOTE_AT, &note, sizeof note);
    memcpy(bytes + NOTE_AT + 12, "GNU", 4);
    for (size_t i = 0; i < id_bytes; i++)
        bytes[NOTE_AT + 16 + i] = (unsigned char)(0xa0 + i);
    if (link != NULL) {
        memcpy(bytes + LINK_AT, link, strlen(link));
        memcpy(bytes + LINK_AT + link_bytes - 4, &crc, sizeof crc);
    }
    return lg_str_from(bytes, FILE_BYTES);
}

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
    unsigned char bytes[FILE_BYTES];
    static const char *const all[] = {
        "/usr/lib/debug/.build-id/a0/a1a2a3.debug",
        "/opt/app/bin/consumer.debug", "/opt/app/bin/.debug/consumer.debug",
        "/usr/lib/debug/opt/app/bin/consumer.debug"};
    static const char *const at_root[] = {"/x.dbg", "/.debug/x.dbg",
                                          "/usr/lib/debug/x.dbg"};
    assert_names(make(bytes, 4, "consumer.debug", 1), "/opt/app/bin/consumer",
                 all, 4);
    assert_names(make(bytes, 4, NULL, 0), "/opt/app/bin/consumer", all, 1);
    assert_names(make(bytes, 0, "x.dbg", 0), "/x", at_root, 3);
    assert_names(make(bytes, 0, "../../etc/shadow", 0), "/x", NULL, 0);
    assert_names(make(bytes, 0, NULL, 0), "/x", NULL, 0);
    assert_names(LG_STR("no ELF"), "/x", NULL, 0);
}

static void test_fits(void **state)
{
    unsigned char a[FILE_BYTES], b[FILE_BYTES];
    assert_true(lg_debug_file_fits(make(a, 4, NULL, 0), make(b, 4, NULL, 0)));
    assert_false(lg_debug_file_fits(make(a, 4, NULL, 0), make(b, 5, NULL, 0)));
    assert_false(lg_debug_file_fits(make(a, 4, NULL, 0), make(b, 0, NULL, 0)));
    struct lg_str debug = make(b, 0, NULL, 0);
    uint32_t crc = (uint32_t)crc32(0, b, FILE_BYTES);
    assert_true(lg_debug_file_fits(make(a, 0, "x", crc), debug));
    assert_false(lg_debug_file_fits(make(a, 0, "x", crc + 1), debug));
    assert_false(lg_debug_file_fits(make(a, 0, NULL, 0), debug));
    assert_false(lg_debug_file_fits(make(a, 4, NULL, 0), LG_STR("no ELF")));
}

static void test_cut(void **state)
{
    unsigned char bytes[FILE_BYTES];
    struct lg_str file = make(bytes, 4, "consumer.debug", 1);
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
