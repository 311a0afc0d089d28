/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_symbols_internal.h"

#include "base/path.h"
#include "sources/pprof_dwarf.h"
#include "sources/pprof_object.h"

#include <ctype.h>

/* The binary of one mapping. A Go program's names are those of its pclntab, as
 * cmd/pprof has them; where there is none, or C was linked in, DWARF's. */
struct binary {
    struct lg_object object;
    struct lg_str path;
    struct lg_pprof_dwarf *dwarf; /* NULL: not tried, or none */
    bool tried_dwarf;
    uint64_t offset; /* profile address - file address */
};

/* Mappings that no file can be behind. */
static bool is_special(struct lg_str file)
{
    struct lg_str base = lg_path_base(file);
    return lg_str_starts(base, LG_STR("[")) ||
           lg_str_starts(base, LG_STR("linux-vdso")) ||
           lg_str_starts(file, LG_STR("/dev/dri/")) ||
           lg_str_starts(file, LG_STR("/memfd:")) ||
           lg_str_eq(file, LG_STR("//anon"));
}

/* A scheme with "http" in it: the mapping names where the profile is from. */
static bool is_url(struct lg_str file)
{
    struct lg_cut cut = lg_str_cut_char(file, ':');
    char scheme[16];
    if (!cut.found || cut.head.len >= sizeof scheme ||
        lg_str_find_char(cut.head, '/') >= 0)
        return false;
    for (size_t i = 0; i < cut.head.len; i++)
        scheme[i] = (char)tolower((unsigned char)cut.head.data[i]);
    return lg_str_contains(lg_str_from(scheme, cut.head.len), LG_STR("http"));
}

static bool is_symbolised(const struct lg_profile_mapping *m)
{
    return m->has_functions || m->has_filenames || m->has_line_numbers;
}

/* Frames of an address, inlined callee first. */
static size_t frames_of(struct binary *b, uint64_t address,
                        struct lg_code_line *frames, size_t max,
                        struct lg_arena *arena)
{
    address -= b->offset;
    struct lg_go_func func;
    struct lg_go_line line;
    if (b->object.has_lines &&
        lg_go_func_at(&b->object.lines, address, &func)) {
        if (lg_go_func_lines(&func, address, &line, 1) != 1)
            line = (struct lg_go_line){0};
        frames[0] = (struct lg_code_line){.function = lg_go_func_name(&func),
                                          .file = line.file,
                                          .line = line.line};
        /* Between functions: debug/gosym says no file and line -1. */
        if (lg_str_eq(line.file, LG_STR("?"))) {
            frames[0].file = (struct lg_str){0};
            frames[0].line = -1;
        }
        return 1;
    }
    if (!b->tried_dwarf)
        b->dwarf = lg_pprof_dwarf_create(&b->object, b->path);
    b->tried_dwarf = true;
    return lg_pprof_dwarf_frames(b->dwarf, address, frames, max, arena);
}

static bool add_lines(struct lg_symboliser *s, struct lg_profile_mapping *m,
                      struct lg_profile_location *l,
                      const struct lg_code_line *frames, size_t count)
{
    l->line_first = (uint32_t)s->p->lines.count;
    l->line_count = (uint32_t)count;
    l->is_folded = false;
    for (size_t i = 0; i < count; i++) {
        struct lg_profile_line *line = lg_push(s->arena, &s->p->lines);
        if (line == NULL || s->p->lines.count >= UINT32_MAX)
            return false;
        line->line = frames[i].line;
        line->function =
            lg_symbols_function(s, frames[i].function, frames[i].file);
        if (line->function == UINT32_MAX)
            return false;
        m->has_functions = m->has_functions || frames[i].function.len != 0;
        m->has_filenames = m->has_filenames || frames[i].file.len != 0;
        m->has_line_numbers = m->has_line_numbers || frames[i].line != 0;
    }
    m->has_inline_frames = true;
    return true;
}

static bool name_locations(struct lg_symboliser *s, size_t mapping,
                           struct binary *b)
{
    struct lg_code_line frames[LG_OBJECT_FRAMES_MAX];
    if (!lg_symbols_own_mappings(s) || !lg_symbols_own_places(s))
        return false;
    struct lg_profile_mapping *m = &s->p->mappings.items[mapping];
    lg_each(l, s->p->locations) {
        if (l->mapping != mapping + 1)
            continue;
        size_t count =
            frames_of(b, l->address, frames, LG_COUNT(frames), s->arena);
        if (count != 0 && !add_lines(s, m, l, frames, count))
            return false;
    }
    return true;
}

static void say_failed(const struct lg_symboliser *s,
                       const struct lg_profile_mapping *m, const char *why)
{
    struct lg_str base = lg_path_base(m->file);
    if (m->build_id.len == 0)
        lg_symbols_say(s, "Local symbolization failed for %.*s: %s",
                       LG_STR_ARG(base), why);
    else
        lg_symbols_say(s,
                       "Local symbolization failed for %.*s (build ID %.*s): "
                       "%s",
                       LG_STR_ARG(base), LG_STR_ARG(m->build_id), why);
}

/* *missing_ret: there is no such binary. */
static bool name_mapping(struct lg_symboliser *s, size_t mapping,
                         bool *missing_ret)
{
    const struct lg_profile_mapping *m = &s->p->mappings.items[mapping];
    struct binary b = {.path = m->file};
    struct lg_error why = {0};
    const char *path = lg_str_cstr(s->arena, m->file);
    if (path == NULL)
        return false;
    if (!lg_object_open(&b.object, path, &why)) {
        say_failed(s, m, why.text);
        *missing_ret = true;
        return true;
    }
    b.offset = lg_object_offset(&b.object, m->start);
    bool ok = name_locations(s, mapping, &b);
    lg_pprof_dwarf_destroy(b.dwarf);
    lg_object_deinit(&b.object);
    return ok;
}

/* Whether names are wanted and might be found for a mapping in use. */
static bool is_wanted(const struct lg_symboliser *s, size_t mapping,
                      bool *missing_ret)
{
    const struct lg_profile_mapping *m = &s->p->mappings.items[mapping];
    if (!s->mode.force && is_symbolised(m))
        return false;
    if (m->file.len == 0) {
        if (mapping == 0)
            lg_symbols_say(s, "Main binary filename not available.");
        else
            *missing_ret = true;
        return false;
    }
    return !is_special(m->file) && !(m->build_id.len == 0 && is_url(m->file));
}

/* in_use[mapping]; NULL: out of memory. */
static bool *find_used(const struct lg_symboliser *s)
{
    bool *in_use = lg_new(s->arena, bool, s->p->mappings.count + 1);
    if (in_use != NULL)
        lg_each(l, s->p->locations)
            in_use[l->mapping] = true;
    return in_use;
}

bool lg_symbols_local(struct lg_symboliser *s, struct lg_error *err)
{
    bool missing = false;
    bool *in_use = NULL;
    for (size_t i = 0; i < s->p->mappings.count; i++) {
        if (!s->mode.force && is_symbolised(&s->p->mappings.items[i]))
            continue;
        if (in_use == NULL && (in_use = find_used(s)) == NULL)
            return lg_fail_nomem(err);
        if (in_use[i + 1] && is_wanted(s, i, &missing) &&
            !name_mapping(s, i, &missing))
            return lg_fail_nomem(err);
    }
    if (missing)
        lg_symbols_say(s, "Some binary filenames not available. Symbolization "
                          "may be incomplete.\nTry setting PPROF_BINARY_PATH "
                          "to the search path for local binaries.");
    return true;
}
