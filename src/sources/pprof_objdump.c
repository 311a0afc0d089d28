/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_objdump.h"

#include "sources/run_tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Twice the text of the largest function that Go's own tools have. */
#define OUTPUT_LIMIT_BYTES ((size_t)256 << 20)
#define ADDRESS_BYTES 32

struct range {
    uint64_t start, limit;
    struct lg_arena *arena;
    struct lg_code_lines *lines;
    struct lg_str function, file; /* of the block that is being read */
};

/* Symbols of the same code print it twice: only what lies behind the last
 * address is new. */
static bool add(struct range *r, uint64_t address, struct lg_str text,
                struct lg_str file, int64_t line)
{
    const struct lg_code_lines *lines = r->lines;
    if (address < r->start || address >= r->limit ||
        (lines->count != 0 &&
         address <= lines->items[lines->count - 1].address))
        return true;
    struct lg_code_line *slot = lg_push(r->arena, r->lines);
    if (slot == NULL)
        return false;
    *slot = (struct lg_code_line){.address = address,
                                  .text = text,
                                  .function = r->function,
                                  .file = file,
                                  .line = line};
    return true;
}

/* Cells stand between tabs; how many depends on their width. */
static struct lg_str next_cell(struct lg_str *rest)
{
    while (rest->len != 0 && rest->data[0] == '\t')
        *rest = lg_str_skip(*rest, 1);
    struct lg_cut cut = lg_str_cut_char(*rest, '\t');
    *rest = cut.tail;
    return cut.head;
}

static bool take_go_line(struct range *r, struct lg_str line)
{
    struct lg_str rest;
    uint64_t address;
    int64_t number = 0;
    if (lg_str_after(line, LG_STR("TEXT "), &rest)) {
        struct lg_cut cut = lg_str_rcut(rest, LG_STR("(SB) "));
        r->function = cut.head;
        r->file = cut.tail;
        return true;
    }
    if (!lg_str_after(line, LG_STR("  "), &rest))
        return true;
    struct lg_cut place = lg_str_rcut_char(next_cell(&rest), ':');
    if (!lg_str_hex(next_cell(&rest), &address))
        return true;
    (void)next_cell(&rest); /* the bytes */
    (void)lg_str_i64(place.tail, &number);
    /* The block names its function's file in full, a line only its last part.
     */
    struct lg_str file = lg_str_ends(r->file, place.head) && place.head.len != 0
                             ? r->file
                             : place.head;
    return add(r, address, next_cell(&rest), file, number);
}

bool lg_objdump_parse_go(struct lg_str text, uint64_t start, uint64_t limit,
                         struct lg_arena *arena, struct lg_code_lines *ret)
{
    struct range r = {start, limit, arena, ret, {0}, {0}};
    *ret = (struct lg_code_lines){0};
    while (text.len != 0) {
        struct lg_cut cut = lg_str_cut_char(text, '\n');
        if (!take_go_line(&r, cut.head))
            return false;
        text = cut.tail;
    }
    return true;
}

/* "0000000000401000 <main.run>:" */
static bool is_gnu_head(struct lg_str line, struct lg_str *function_ret)
{
    struct lg_cut cut = lg_str_cut(line, LG_STR(" <"));
    uint64_t address;
    if (!cut.found || !lg_str_hex(cut.head, &address) ||
        !lg_str_ends(cut.tail, LG_STR(">:")))
        return false;
    *function_ret = lg_str_first(cut.tail, cut.tail.len - 2);
    return true;
}

static bool take_gnu_line(struct range *r, struct lg_str line)
{
    uint64_t address;
    if (is_gnu_head(line, &r->function))
        return true;
    struct lg_cut cut = lg_str_cut(line, LG_STR(":\t"));
    if (!cut.found || !lg_str_hex(lg_str_trim(cut.head), &address))
        return true;
    return add(r, address, lg_str_trim(cut.tail), LG_STR(""), 0);
}

bool lg_objdump_parse_gnu(struct lg_str text, uint64_t start, uint64_t limit,
                          struct lg_arena *arena, struct lg_code_lines *ret)
{
    struct range r = {start, limit, arena, ret, {0}, {0}};
    *ret = (struct lg_code_lines){0};
    while (text.len != 0) {
        struct lg_cut cut = lg_str_cut_char(text, '\n');
        if (!take_gnu_line(&r, cut.head))
            return false;
        text = cut.tail;
    }
    return true;
}

void lg_objdump_init(struct lg_objdump *o, struct lg_arena *arena)
{
    *o = (struct lg_objdump){.arena = arena};
}

/* `go tool -n objdump` says where the tool lies: asking it for each function
 * would start the go command each time. */
static void find_go(struct lg_objdump *o)
{
    if (o->is_ready)
        return;
    o->is_ready = true;
    const char *programs[] = {"go", lg_str_cstr(o->arena, o->go)};
    for (size_t i = 0; i < LG_COUNT(programs) && o->go_program == NULL; i++) {
        struct lg_str path;
        if (programs[i] == NULL || programs[i][0] == '\0')
            continue;
        const char *const argv[] = {programs[i], "tool", "-n", "objdump", NULL};
        if (!lg_run_tool(argv, 4096, o->arena, &path, NULL))
            continue;
        o->go_program = programs[i];
        const char *tool = lg_str_cstr(o->arena, lg_str_trim(path));
        if (tool != NULL && access(tool, X_OK) == 0)
            o->tool = tool;
    }
}

const char *lg_objdump_tool(struct lg_objdump *o)
{
    find_go(o);
    return o->tool;
}

static bool run_go(struct lg_objdump *o, const char *path, uint64_t start,
                   uint64_t limit, struct lg_arena *arena,
                   struct lg_code_lines *ret, struct lg_error *err)
{
    char from[ADDRESS_BYTES], to[ADDRESS_BYTES];
    struct lg_str text;
    (void)snprintf(from, sizeof from, "%#" PRIx64, start);
    (void)snprintf(to, sizeof to, "%#" PRIx64, limit);
    const char *const direct[] = {o->tool, path, from, to, NULL};
    const char *const through[] = {o->go_program, "tool", "objdump", path,
                                   from,          to,     NULL};
    return lg_run_tool(o->tool != NULL ? direct : through, OUTPUT_LIMIT_BYTES,
                       arena, &text, err) &&
           (lg_objdump_parse_go(text, start, limit, arena, ret) ||
            lg_fail_nomem(err));
}

static bool run_gnu(const char *path, uint64_t start, uint64_t limit,
                    struct lg_arena *arena, struct lg_code_lines *ret,
                    struct lg_error *err)
{
    char from[ADDRESS_BYTES + 16], to[ADDRESS_BYTES + 16];
    struct lg_str text;
    (void)snprintf(from, sizeof from, "--start-address=%#" PRIx64, start);
    (void)snprintf(to, sizeof to, "--stop-address=%#" PRIx64, limit);
    const char *const argv[] = {
        "objdump", "-d", "-w", "-C", "--no-show-raw-insn",
        from,      to,   path, NULL};
    return lg_run_tool(argv, OUTPUT_LIMIT_BYTES, arena, &text, err) &&
           (lg_objdump_parse_gnu(text, start, limit, arena, ret) ||
            lg_fail_nomem(err));
}

bool lg_objdump_run(struct lg_objdump *o, const char *path, uint64_t start,
                    uint64_t limit, struct lg_arena *arena,
                    struct lg_code_lines *ret, struct lg_error *err)
{
    struct lg_error go_err, gnu_err;
    lg_error_clear(&go_err);
    lg_error_clear(&gnu_err);
    *ret = (struct lg_code_lines){0};
    if (start >= limit)
        return true;
    find_go(o);
    if (o->go_program != NULL &&
        run_go(o, path, start, limit, arena, ret, &go_err))
        return true;
    if (run_gnu(path, start, limit, arena, ret, &gnu_err))
        return true;
    if (o->go_program != NULL)
        return lg_fail(err, LG_UNSUPPORTED, "%s", go_err.text);
    return lg_fail(err, LG_UNSUPPORTED,
                   "no disassembler: neither Go's objdump (`go tool objdump`) "
                   "nor binutils' is installed");
}
