/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_machine.h"
#include "sources/pprof_objdump.h"
#include "sources/pprof_object.h"
#include "sources/run_tool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "tmpdir.h"

/* As `go tool objdump` of Go 1.27.4 prints it, with a symbol of the same code
 * and an instruction that it cannot read. */
static const char go_text[] =
    "TEXT main.run(SB) /src/app/x.go\n"
    "  x.go:35\t\t0x9d2530\t\t55\t\t\tPUSHQ BP\t\t\n"
    "  counter.go:141\t0x9d2531\t\te9fbffffff\t\tCALL a/b.(*T).Do(SB)\t\t\n"
    "  :0\t\t\t0x9d2536\t\t488d\t\t?\t\t\n"
    "\n"
    "TEXT main.same(SB) /src/app/x.go\n"
    "  x.go:35\t\t0x9d2530\t\t55\t\t\tPUSHQ BP\t\t\n"
    "\n"
    "TEXT main.next(SB) \n"
    "  x.go:40\t\t0x9d2540\t\tc3\t\t\tRET\t\t\n";

static const char gnu_text[] = "\n/tmp/a:     file format elf64-x86-64\n\n\n"
                               "Disassembly of section .text:\n\n"
                               "0000000000401126 <std::vector<int>::at(int)>:\n"
                               "  401126:\tmov    $0x0,%eax\n"
                               "  40112b:\tcall   401000 <f+0x3>\n"
                               "\t...\n"
                               "\n0000000000401130 <main>:\n"
                               "  401130:\tret\n";

static void assert_line(const struct lg_code_line *line, uint64_t address,
                        const char *text, const char *function,
                        const char *file, int64_t number)
{
    assert_true(line->address == address);
    assert_true(lg_str_eq(line->text, lg_str_of(text)));
    assert_true(lg_str_eq(line->function, lg_str_of(function)));
    assert_true(lg_str_eq(line->file, lg_str_of(file)));
    assert_true(line->line == number);
}

static void lines_of_go_are_read(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_code_lines lines;
    lg_arena_init(&arena, 0);
    assert_true(
        lg_objdump_parse_go(lg_str_of(go_text), 0, UINT64_MAX, &arena, &lines));
    assert_int_equal(lines.count, 4);
    assert_line(&lines.items[0], 0x9d2530, "PUSHQ BP", "main.run",
                "/src/app/x.go", 35);
    assert_line(&lines.items[1], 0x9d2531, "CALL a/b.(*T).Do(SB)", "main.run",
                "counter.go", 141);
    assert_line(&lines.items[2], 0x9d2536, "?", "main.run", "", 0);
    assert_line(&lines.items[3], 0x9d2540, "RET", "main.next", "x.go", 40);
    assert_true(lg_objdump_parse_go(lg_str_of(go_text), 0x9d2531, 0x9d2540,
                                    &arena, &lines));
    assert_int_equal(lines.count, 2);
    lg_arena_deinit(&arena);
}

static void lines_of_binutils_are_read(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_code_lines lines;
    lg_arena_init(&arena, 0);
    assert_true(lg_objdump_parse_gnu(lg_str_of(gnu_text), 0, UINT64_MAX, &arena,
                                     &lines));
    assert_int_equal(lines.count, 3);
    assert_line(&lines.items[0], 0x401126, "mov    $0x0,%eax",
                "std::vector<int>::at(int)", "", 0);
    assert_line(&lines.items[1], 0x40112b, "call   401000 <f+0x3>",
                "std::vector<int>::at(int)", "", 0);
    assert_line(&lines.items[2], 0x401130, "ret", "main", "", 0);
    lg_arena_deinit(&arena);
}

/* Cut anywhere, or with a bit turned: lines in order, inside the range. */
static void assert_sane(struct lg_str text)
{
    struct lg_arena arena;
    struct lg_code_lines lines[2];
    lg_arena_init(&arena, 0);
    assert_true(lg_objdump_parse_go(text, 1, 0x9d2541, &arena, &lines[0]));
    assert_true(lg_objdump_parse_gnu(text, 1, 0x401131, &arena, &lines[1]));
    for (size_t way = 0; way < 2; way++)
        for (size_t i = 0; i < lines[way].count; i++) {
            uint64_t address = lines[way].items[i].address;
            assert_true(address >= 1);
            assert_true(address < (way == 0 ? 0x9d2541u : 0x401131u));
            assert_true(i == 0 || address > lines[way].items[i - 1].address);
        }
    lg_arena_deinit(&arena);
}

static void damaged_text_does_no_harm(void **state)
{
    (void)state;
    const struct lg_str texts[] = {lg_str_of(go_text), lg_str_of(gnu_text)};
    for (size_t t = 0; t < LG_COUNT(texts); t++) {
        char copy[sizeof go_text + sizeof gnu_text];
        for (size_t cut = 0; cut <= texts[t].len; cut++)
            assert_sane(lg_str_first(texts[t], cut));
        for (size_t bit = 0; bit < texts[t].len * 8; bit++) {
            memcpy(copy, texts[t].data, texts[t].len);
            copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
            assert_sane(lg_str_from(copy, texts[t].len));
        }
    }
}

static bool parse_both(void *context, struct lg_arena *arena,
                       struct lg_error *err)
{
    struct lg_code_lines lines;
    (void)context;
    return (lg_objdump_parse_go(lg_str_of(go_text), 0, UINT64_MAX, arena,
                                &lines) &&
            lg_objdump_parse_gnu(lg_str_of(gnu_text), 0, UINT64_MAX, arena,
                                 &lines)) ||
           lg_fail_nomem(err);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(lg_alloc_fail_all(parse_both, NULL) > 0);
}

static void put_program(const char *folder, const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(lg_write_file(AT_FDCWD, path, lg_str_of(text), 0755, NULL));
    assert_int_equal(chmod(path, 0755), 0);
}

/* Only the test's own programs are in PATH, behind what /bin/sh needs. */
static void only_programs_of(const char *folder)
{
    assert_int_equal(setenv("PATH", folder, 1), 0);
}

static void a_tool_gives_its_output_or_its_reason(void **state)
{
    struct lg_arena arena;
    struct lg_str text;
    struct lg_error err = {0};
    lg_arena_init(&arena, 0);
    only_programs_of(*state);
    put_program(*state, "good",
                "#!/bin/sh\npwd\nread x || echo empty\necho \"$1\"\n");
    put_program(*state, "bad",
                "#!/bin/sh\necho why >&2\necho more >&2\nexit 1\n");
    put_program(*state, "mute", "#!/bin/sh\nkill -9 $$\n");
    put_program(*state, "endless",
                "#!/bin/sh\nwhile :; do echo xxxxxxxx; done\n");
    const char *const good[] = {"good", "a b", NULL};
    assert_true(lg_run_tool(good, 100, &arena, &text, &err));
    assert_true(lg_str_eq(text, LG_STR("/\nempty\na b\n")));
    const char *const bad[] = {"bad", NULL}, *const mute[] = {"mute", NULL};
    assert_false(lg_run_tool(bad, 100, &arena, &text, &err));
    assert_int_equal(err.kind, LG_UNSUPPORTED);
    assert_string_equal(err.text, "bad: why");
    assert_false(lg_run_tool(mute, 100, &arena, &text, &err));
    assert_string_equal(err.text, "mute: it failed without a word");
    const char *const endless[] = {"endless", NULL};
    assert_false(lg_run_tool(endless, 1000, &arena, &text, &err));
    assert_int_equal(err.kind, LG_LIMIT);
    const char *const none[] = {"nobody", NULL};
    assert_false(lg_run_tool(none, 100, &arena, &text, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    lg_arena_deinit(&arena);
}

/* `go` names its tool, which prints what it was asked and one instruction. */
static void go_is_asked_first_then_binutils(void **state)
{
    struct lg_arena arena;
    struct lg_objdump o;
    struct lg_code_lines lines;
    struct lg_error err = {0};
    char script[1024];
    lg_arena_init(&arena, 0);
    only_programs_of(*state);
    lg_objdump_init(&o, &arena);
    assert_false(lg_objdump_run(&o, "/x", 1, 9, &arena, &lines, &err));
    assert_int_equal(err.kind, LG_UNSUPPORTED);
    assert_non_null(strstr(err.text, "no disassembler"));
    assert_true(lg_objdump_run(&o, "/x", 9, 9, &arena, &lines, &err));
    assert_int_equal(lines.count, 0);
    put_program(*state, "objdump",
                "#!/bin/sh\nprintf '  5:\\tgnu %s\\n' \"$6\"\n");
    lg_objdump_init(&o, &arena);
    assert_true(lg_objdump_run(&o, "/x", 1, 9, &arena, &lines, &err));
    assert_int_equal(lines.count, 1);
    assert_line(&lines.items[0], 5, "gnu --stop-address=0x9", "", "", 0);
    (void)snprintf(script, sizeof script,
                   "#!/bin/sh\n[ \"$*\" = 'tool -n objdump' ] && "
                   "echo '%s/tool' && exit\n"
                   "printf '  x:1\\t0x5\\t00\\tslow %%s\\n' \"$*\"\n",
                   (const char *)*state);
    put_program(*state, "go", script);
    lg_objdump_init(&o, &arena);
    assert_true(lg_objdump_run(&o, "/x", 1, 9, &arena, &lines, &err));
    assert_line(&lines.items[0], 5, "slow tool objdump /x 0x1 0x9", "", "x", 1);
    put_program(*state, "tool",
                "#!/bin/sh\nprintf '  x:1\\t0x5\\t00\\tfast %s\\n' \"$*\"\n");
    lg_objdump_init(&o, &arena);
    assert_true(lg_objdump_run(&o, "/x", 1, 9, &arena, &lines, &err));
    assert_line(&lines.items[0], 5, "fast /x 0x1 0x9", "", "x", 1);
    lg_arena_deinit(&arena);
}

/* This very program, which the symbol names. */
void lg_test_landmark(void);
void lg_test_landmark(void)
{
}

static void a_binary_tells_its_symbols_and_its_place(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_object o;
    struct lg_code_symbols found;
    struct lg_error err = {0};
    struct lg_regex *re = lg_regex_create(LG_STR("^lg_test_landmark$"), NULL);
    lg_arena_init(&arena, 0);
    assert_true(lg_object_open(&o, "/proc/self/exe", &err));
    assert_true(lg_object_symbols(&o, re, 0, &arena, &found, &err));
    assert_int_equal(found.count, 1);
    assert_true(lg_str_eq(found.items[0].name, LG_STR("lg_test_landmark")));
    assert_true(found.items[0].end >= found.items[0].start);
    uint64_t start = found.items[0].start;
    assert_true(lg_object_symbols(&o, re, start, &arena, &found, &err));
    assert_int_equal(found.count, 1);
    assert_true(lg_object_symbols(&o, re, found.items[0].end + 1, &arena,
                                  &found, &err));
    assert_int_equal(found.count, 0);
    assert_true(lg_object_symbols(&o, NULL, 0, &arena, &found, &err));
    assert_true(found.count > 10);
    for (size_t i = 1; i < found.count; i++)
        assert_true(found.items[i - 1].start <= found.items[i].start);
    assert_true(o.has_load_address);
    assert_true(lg_object_offset(&o, 0) == 0);
    assert_true(lg_object_offset(&o, o.load_address + 0x5000) == 0x5000);
    assert_false(o.has_lines);
    lg_object_deinit(&o);
    lg_regex_destroy(re);
    lg_arena_deinit(&arena);
}

/* The tool gets a copy in which the function is a byte shorter, and is asked
 * for it by name; its answer is known from then on. */
static void expected_code_comes_in_one_run(void **state)
{
    struct lg_arena arena;
    struct lg_object o, copy;
    struct lg_objdump tool;
    struct lg_code_symbols found, shorter;
    struct lg_error err = {0};
    char script[1024], path[512];
    const char *folder = *state;
    struct lg_regex *re = lg_regex_create(LG_STR("^lg_test_landmark$"), NULL);
    lg_arena_init(&arena, 0);
    assert_true(lg_object_open(&o, "/proc/self/exe", &err));
    assert_true(lg_object_symbols(&o, re, 0, &arena, &found, &err));
    assert_int_equal(found.count, 1);
    const struct lg_code_symbol *symbol = &found.items[0];
    (void)snprintf(script, sizeof script,
                   "#!/bin/sh\n/bin/cat \"$3\" >%s/copy\n"
                   "printf 'TEXT a(SB) x.c\\n  x.c:1\\t%#llx\\t00\\t%%s\\n' "
                   "\"$1 $2\"\n",
                   folder, (unsigned long long)symbol->start);
    only_programs_of(folder);
    put_program(folder, "tool", script);
    (void)snprintf(script, sizeof script, "#!/bin/sh\necho %s/tool\n", folder);
    put_program(folder, "go", script);
    lg_objdump_init(&tool, &arena);
    assert_null(lg_objdump_known(&tool, &o, symbol->start, symbol->end));
    lg_objdump_expect(&tool, &o, symbol, 1);
    const struct lg_code_lines *lines =
        lg_objdump_known(&tool, &o, symbol->start, symbol->end);
    assert_non_null(lines);
    assert_int_equal(lines->count, 1);
    assert_line(&lines->items[0], symbol->start, "-s ^(?:lg_test_landmark)$",
                "a", "x.c", 1);
    assert_null(lg_objdump_known(&tool, &o, symbol->start, symbol->end + 1));
    (void)snprintf(path, sizeof path, "%s/copy", folder);
    assert_true(lg_object_open(&copy, path, &err));
    assert_true(lg_object_symbols(&copy, re, 0, &arena, &shorter, &err));
    assert_int_equal(shorter.count, 1);
    assert_true(shorter.items[0].start == symbol->start);
    assert_true(shorter.items[0].end == symbol->end - 1);
    lg_object_deinit(&copy);
    lg_object_deinit(&o);
    lg_regex_destroy(re);
    lg_arena_deinit(&arena);
}

static void what_is_no_binary_is_named_as_pprof_names_it(void **state)
{
    struct lg_object o;
    struct lg_error err = {0};
    char path[512], want[600];
    assert_false(lg_object_open(&o, "/no/such/file", &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_string_equal(err.text,
                        "open /no/such/file: no such file or directory");
    assert_false(lg_object_open(&o, "", &err));
    assert_string_equal(err.text, "open : no such file or directory");
    static const char *const texts[] = {"", "\177ELF", "#!/bin/sh\n"};
    for (size_t i = 0; i < LG_COUNT(texts); i++) {
        put_program(*state, "text", texts[i]);
        (void)snprintf(path, sizeof path, "%s/text", (const char *)*state);
        (void)snprintf(want, sizeof want, "open %s: unrecognized object file",
                       path);
        assert_false(lg_object_open(&o, path, &err));
        assert_string_equal(err.text, want);
    }
    (void)snprintf(want, sizeof want, "open %s: unrecognized object file",
                   (const char *)*state);
    assert_false(lg_object_open(&o, *state, &err));
    assert_string_equal(err.text, want);
}

/* The machine as reports see it. */
static void the_machine_opens_a_binary_once(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_pprof_machine m;
    struct lg_error err = {0};
    struct lg_code_symbols found;
    struct lg_code_lines lines;
    struct lg_code_line frames[4];
    uint64_t offset;
    struct lg_profile_mapping mapping = {.file = LG_STR("/proc/self/exe")};
    lg_arena_init(&arena, 0);
    assert_true(lg_pprof_machine_init(&m, NULL, NULL, &arena, &err));
    assert_true(m.working_folder.len != 0);
    assert_true(m.object_offset(m.context, &mapping, &offset, &err));
    assert_true(offset == 0);
    assert_true(
        m.symbols(m.context, mapping.file, NULL, 0, &arena, &found, &err));
    assert_true(m.frames(m.context, LG_STR("/none"), 1, frames, 4) == 0);
    assert_false(m.disassemble(m.context, mapping.file, 1, 2, true, &arena,
                               &lines, &err));
    assert_string_equal(err.text,
                        "printing assembly in Intel syntax is not supported");
    mapping.file = LG_STR("/none");
    for (int i = 0; i < 2; i++) {
        assert_false(m.object_offset(m.context, &mapping, &offset, &err));
        assert_string_equal(err.text, "open /none: no such file or directory");
    }
    lg_pprof_machine_deinit(&m);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_go_are_read),
        cmocka_unit_test(lines_of_binutils_are_read),
        cmocka_unit_test(damaged_text_does_no_harm),
        cmocka_unit_test(memory_may_run_out),
        lg_tmpdir_test(a_tool_gives_its_output_or_its_reason),
        lg_tmpdir_test(go_is_asked_first_then_binutils),
        cmocka_unit_test(a_binary_tells_its_symbols_and_its_place),
        lg_tmpdir_test(expected_code_comes_in_one_run),
        lg_tmpdir_test(what_is_no_binary_is_named_as_pprof_names_it),
        cmocka_unit_test(the_machine_opens_a_binary_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
