/* SPDX-License-Identifier: Apache-2.0 */
/* Binaries below PPROF_BINARY_PATH; this test is the binary. */
#include "sources/pprof_locate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/sb.h"
#include "sources/pprof_fetch.h"
#include "tmpdir.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct lg_arena arena;
    struct lg_profile profile;
    struct lg_symbol_source source;
    void *tmp; /* of tmpdir.h */
    const char *dir;
    char build_id[128];
    char said[512];
};

static int read_note(struct dl_phdr_info *info, size_t size, void *context)
{
    char *to = context;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        const char *at = (const char *)(info->dlpi_addr + p->p_vaddr);
        const char *end = at + p->p_memsz;
        while (p->p_type == PT_NOTE && at < end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const unsigned char *desc = (const unsigned char *)at +
                                        sizeof *note +
                                        ((note->n_namesz + 3U) & ~3U);
            for (size_t k = 0; note->n_type == NT_GNU_BUILD_ID &&
                               k < note->n_descsz && k < 60;
                 k++)
                sprintf(to + 2 * k, "%02x", desc[k]);
            at = (const char *)desc + ((note->n_descsz + 3U) & ~3U);
        }
    }
    return 1;
}

static void say(void *context, const char *text)
{
    struct fixture *f = context;
    snprintf(f->said, sizeof f->said, "%s", text);
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    lg_arena_init(&f.arena, 0);
    assert_true(lg_profile_init(&f.profile, &f.arena));
    assert_int_equal(lg_tmpdir_setup(&f.tmp), 0);
    f.dir = f.tmp;
    dl_iterate_phdr(read_note, f.build_id);
    f.source.binary_path = lg_str_of(f.dir);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lg_arena_deinit(&f->arena);
    return lg_tmpdir_teardown(&f->tmp);
}

/* dir/name, a link to this program. */
static const char *place(struct fixture *f, const char *folder,
                         const char *name)
{
    struct lg_sb sb;
    char path[1024];
    lg_sb_init(&sb, &f->arena);
    snprintf(path, sizeof path, "%s/%s", f->dir, folder);
    assert_true(mkdir(path, 0700) == 0 || folder[0] == '\0');
    lg_sb_fmt(&sb, "%s%s%s", path, folder[0] != '\0' ? "/" : "", name);
    const char *whole = lg_sb_cstr_of(&sb);
    assert_int_equal(symlink("/proc/self/exe", whole), 0);
    return whole;
}

static struct lg_profile_mapping *mapping(struct fixture *f, const char *file,
                                          const char *build_id)
{
    struct lg_profile_mapping *m = lg_push(&f->arena, &f->profile.mappings);
    assert_non_null(m);
    m->id = f->profile.mappings.count;
    m->file = lg_str_of(file);
    m->build_id = lg_str_of(build_id);
    return m;
}

static void locate(struct fixture *f)
{
    assert_true(lg_pprof_locate(&f->profile, &f->source, say, f, &f->arena));
}

static void assert_file(const struct lg_profile_mapping *m, const char *want)
{
    assert_int_equal(m->file.len, strlen(want));
    assert_memory_equal(m->file.data, want, m->file.len);
}

static void by_build_id(void **state)
{
    struct fixture *f = *state;
    if (f->build_id[0] == '\0')
        skip();
    const char *path = place(f, f->build_id, "any-name");
    struct lg_profile_mapping *m = mapping(f, "/usr/bin/svc", f->build_id);
    locate(f);
    assert_file(m, path);
    assert_string_equal(f->said, "");
}

static void of_another_build(void **state)
{
    struct fixture *f = *state;
    place(f, "", "svc");
    struct lg_profile_mapping *m = mapping(f, "/usr/bin/svc", "0123abcd");
    locate(f);
    assert_file(m, "/usr/bin/svc");
    assert_non_null(strstr(f->said, "build-id mismatch (0123abcd != "));
}

static void by_name(void **state)
{
    struct fixture *f = *state;
    const char *path = place(f, "", "svc");
    mapping(f, "/usr/bin/svc", "");
    mapping(f, "/usr/bin/other", "");
    const struct lg_profile_mapping *m = f->profile.mappings.items;
    locate(f);
    assert_file(&m[0], path);
    assert_file(&m[1], "/usr/bin/other");
}

static void what_is_no_program(void **state)
{
    struct fixture *f = *state;
    char path[512];
    snprintf(path, sizeof path, "%s/svc", f->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\n", file);
    fclose(file);
    struct lg_profile_mapping *m = mapping(f, "/usr/bin/svc", "");
    locate(f);
    assert_file(m, "/usr/bin/svc");
    assert_false(lg_pprof_is_executable(path));
    assert_false(lg_pprof_is_executable(f->dir));
    assert_false(lg_pprof_is_executable("/nosuch"));
    assert_true(lg_pprof_is_executable("/proc/self/exe"));
}

static void the_command_line_says(void **state)
{
    struct fixture *f = *state;
    mapping(f, "/usr/bin/svc", "");
    mapping(f, "/lib/libc.so.6", "");
    f->source.executable = LG_STR("/proc/self/exe");
    f->source.build_id = LG_STR("77");
    locate(f);
    const struct lg_profile_mapping *m = f->profile.mappings.items;
    assert_file(&m[0], "/proc/self/exe");
    assert_true(lg_str_eq(m[0].build_id, LG_STR("77")));
    assert_file(&m[1], "/lib/libc.so.6");
    assert_int_equal(m[1].build_id.len, 0);
}

static void without_mappings(void **state)
{
    struct fixture *f = *state;
    struct lg_profile_location *l = lg_push(&f->arena, &f->profile.locations);
    assert_non_null(l);
    l->address = 0x1000;
    locate(f);
    assert_int_equal(f->profile.mappings.count, 1);
    assert_int_equal(f->profile.mappings.items[0].id, 1);
    assert_int_equal(f->profile.mappings.items[0].file.len, 0);
    assert_int_equal(f->profile.locations.items[0].mapping, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_build_id, setup, teardown),
        cmocka_unit_test_setup_teardown(of_another_build, setup, teardown),
        cmocka_unit_test_setup_teardown(by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_program, setup, teardown),
        cmocka_unit_test_setup_teardown(the_command_line_says, setup, teardown),
        cmocka_unit_test_setup_teardown(without_mappings, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
