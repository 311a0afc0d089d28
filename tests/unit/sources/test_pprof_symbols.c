/* SPDX-License-Identifier: Apache-2.0 */
/* Go's binaries and the server's side are compared with pprof itself in
 * tests/conformance/pprof; here is what needs no Go: C, by this very program,
 * and what becomes of names that are there. */
#include "sources/pprof_symbols.h"

#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sb.h"
#include "base/vec.h"

struct said {
    char text[4096];
};

static void take_line(void *context, const char *text)
{
    struct said *said = context;
    size_t len = strlen(said->text);
    snprintf(said->text + len, sizeof said->text - len, "%s\n", text);
}

static void *push(struct lg_arena *arena, void *item)
{
    (void)arena;
    assert_non_null(item);
    return item;
}
#define PUSH(p, v)                                                             \
    (*(__typeof__((v)->items))push((p)->arena, lg_push((p)->arena, (v))))

/* One mapping, one location in it, one sample. */
static void make(struct lg_profile *p, struct lg_arena *arena,
                 struct lg_profile_mapping mapping, uint64_t address)
{
    lg_profile_init(p, arena);
    PUSH(p, &p->types) =
        (struct lg_value_type){LG_STR("samples"), LG_STR("count")};
    mapping.id = 1;
    PUSH(p, &p->mappings) = mapping;
    PUSH(p, &p->locations) =
        (struct lg_profile_location){.id = 1, .address = address, .mapping = 1};
    assert_true(lg_profile_sample(p, (uint32_t[]){0}, 1, (int64_t[]){1}));
}

static void add_function(struct lg_profile *p, const char *name,
                         const char *symbol)
{
    PUSH(p, &p->functions) = (struct lg_profile_function){
        .id = p->functions.count,
        .name = lg_str_of(name),
        .system_name = lg_str_of(symbol),
    };
    p->mappings.items[0].has_functions = true;
}

static bool symbolise(struct lg_profile *p, const char *mode,
                      struct lg_profile *ret, struct said *said)
{
    struct lg_symbol_source source = {.mode = lg_str_of(mode)};
    struct lg_error err = {0};
    said->text[0] = '\0';
    bool ok =
        lg_pprof_symbolise(p, &source, take_line, said, p->arena, ret, &err);
    if (!ok)
        print_message("%s\n", err.text);
    return ok;
}

int lg_test_named_function(int x);
__attribute__((noinline)) int lg_test_named_function(int x)
{
    __asm__ volatile("" ::: "memory");
    return x + 1;
}

/* The executable segment of this program, as the kernel has it. */
static int find_text(struct dl_phdr_info *info, size_t size, void *context)
{
    struct lg_profile_mapping *m = context;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        if (h->p_type != PT_LOAD || (h->p_flags & PF_X) == 0)
            continue;
        m->start = (info->dlpi_addr + h->p_vaddr) & ~(uint64_t)4095;
        m->limit = info->dlpi_addr + h->p_vaddr + h->p_memsz;
        m->offset = h->p_offset & ~(uint64_t)4095;
    }
    return 1; /* the program itself is the first */
}

static void a_function_of_c_is_found_in_its_binary(void **state)
{
    struct lg_arena arena;
    struct lg_profile p, named;
    struct said said;
    struct lg_profile_mapping m = {0};
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(len > 0);
    m.file = lg_str_from(path, (size_t)len);
    dl_iterate_phdr(find_text, &m);
    lg_arena_init(&arena, 0);
    make(&p, &arena, m, (uint64_t)(uintptr_t)lg_test_named_function + 1);
    assert_true(symbolise(&p, "", &named, &said));
    assert_string_equal(said.text, "");
    const struct lg_profile_location *l = &named.locations.items[0];
    assert_int_equal(l->line_count, 1);
    const struct lg_profile_function *f =
        &named.functions.items[named.lines.items[l->line_first].function];
    assert_true(lg_str_eq(f->name, LG_STR("lg_test_named_function")));
    assert_true(named.mappings.items[0].has_functions);
    /* The profile that was given is what it was. */
    assert_int_equal(p.locations.items[0].line_count, 0);
    assert_int_equal(p.functions.count, 0);
    assert_false(p.mappings.items[0].has_functions);
    lg_arena_deinit(&arena);
}

static void what_is_not_asked_for_is_not_done(void **state)
{
    static const char *const modes[] = {"none", "no", "remote", "local:NONE"};
    for (size_t i = 0; i < LG_COUNT(modes); i++) {
        struct lg_arena arena;
        struct lg_profile p, named;
        struct said said;
        lg_arena_init(&arena, 0);
        make(&p, &arena,
             (struct lg_profile_mapping){.file = LG_STR("/nowhere/at/all")},
             0x1000);
        assert_true(symbolise(&p, modes[i], &named, &said));
        assert_string_equal(said.text, "");
        lg_arena_deinit(&arena);
    }
}

static void binaries_that_are_missing_are_told(void **state)
{
    static const struct {
        const char *file, *build_id, *said;
    } cases[] = {
        {"/nowhere/prog", "",
         "Local symbolization failed for prog: open /nowhere/prog: no such "
         "file or directory\nSome binary filenames not available. "
         "Symbolization may be incomplete.\nTry setting PPROF_BINARY_PATH to "
         "the search path for local binaries.\n"},
        {"/nowhere/prog", "ab12",
         "Local symbolization failed for prog (build ID ab12): open "
         "/nowhere/prog: no such file or directory\nSome binary filenames not "
         "available. Symbolization may be incomplete.\nTry setting "
         "PPROF_BINARY_PATH to the search path for local binaries.\n"},
        {"", "", "Main binary filename not available.\n"},
        {"[vdso]", "", ""},
        {"//anon", "", ""},
        {"/memfd:x (deleted)", "", ""},
        {"http://host/debug/pprof/heap", "", ""},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_arena arena;
        struct lg_profile p, named;
        struct said said;
        lg_arena_init(&arena, 0);
        make(&p, &arena,
             (struct lg_profile_mapping){.file = lg_str_of(cases[i].file),
                                         .build_id =
                                             lg_str_of(cases[i].build_id)},
             0x1000);
        assert_true(symbolise(&p, "", &named, &said));
        assert_string_equal(said.text, cases[i].said);
        lg_arena_deinit(&arena);
    }
}

static void an_option_that_is_unknown_is_told(void **state)
{
    struct lg_arena arena;
    struct lg_profile p, named;
    struct said said;
    lg_arena_init(&arena, 0);
    make(&p, &arena, (struct lg_profile_mapping){.has_functions = true}, 1);
    assert_true(symbolise(&p, "local:rubbish", &named, &said));
    assert_string_equal(
        said.text, "ignoring unrecognized symbolization option: local:rubbish\n"
                   "expecting -symbolize=[local|fastlocal|remote|none][:force]"
                   "[:demangle=[none|full|templates|default]\n");
    lg_arena_deinit(&arena);
}

static void names_are_made_readable(void **state)
{
    static const struct {
        const char *mode, *name, *symbol, *shown;
    } cases[] = {
        {"", "_ZN1A3fooIiEEvT_", "_ZN1A3fooIiEEvT_", "A::foo"},
        {"", "", "_ZN1A3fooIiEEvT_", "A::foo"},
        {"", "somebody's", "_ZN1A3fooIiEEvT_", "somebody's"},
        {"", "main.main", "main.main", "main.main"},
        {"force", "somebody's", "_ZN1A3fooIiEEvT_", "A::foo"},
        {"force", "somebody's", "", "somebody's"},
        {"demangle=none", "A::foo", "_ZN1A3fooIiEEvT_", "_ZN1A3fooIiEEvT_"},
        {"demangle=templates", "A::foo", "_ZN1A3fooIiEEvT_", "A::foo<int>"},
        {"Demangle=FULL", "A::foo", "_ZN1A3fooIiEEvT_",
         "void A::foo<int>(int)"},
        {"none", "_ZN1A3fooIiEEvT_", "_ZN1A3fooIiEEvT_", "_ZN1A3fooIiEEvT_"},
    };
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        struct lg_arena arena;
        struct lg_profile p, named;
        struct said said;
        lg_arena_init(&arena, 0);
        make(&p, &arena, (struct lg_profile_mapping){0}, 0);
        add_function(&p, cases[i].name, cases[i].symbol);
        assert_true(symbolise(&p, cases[i].mode, &named, &said));
        if (!lg_str_eq(named.functions.items[0].name,
                       lg_str_of(cases[i].shown)))
            fail_msg("%s %s: %.*s", cases[i].mode, cases[i].symbol,
                     LG_STR_ARG(named.functions.items[0].name));
        assert_true(
            lg_str_eq(p.functions.items[0].name, lg_str_of(cases[i].name)));
        lg_arena_deinit(&arena);
    }
}

/* Nothing to do: the columns are those that were given. */
static void a_profile_with_names_is_not_copied(void **state)
{
    struct lg_arena arena;
    struct lg_profile p, named;
    struct said said;
    lg_arena_init(&arena, 0);
    make(&p, &arena, (struct lg_profile_mapping){0}, 0x1000);
    add_function(&p, "main.main", "main.main");
    assert_true(symbolise(&p, "", &named, &said));
    assert_ptr_equal(named.functions.items, p.functions.items);
    assert_ptr_equal(named.locations.items, p.locations.items);
    assert_ptr_equal(named.mappings.items, p.mappings.items);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_of_c_is_found_in_its_binary),
        cmocka_unit_test(what_is_not_asked_for_is_not_done),
        cmocka_unit_test(binaries_that_are_missing_are_told),
        cmocka_unit_test(an_option_that_is_unknown_is_told),
        cmocka_unit_test(names_are_made_readable),
        cmocka_unit_test(a_profile_with_names_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
