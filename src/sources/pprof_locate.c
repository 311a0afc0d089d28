/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_locate.h"

#include "base/io.h"
#include "base/path.h"
#include "base/sb.h"
#include "decode/elf.h"
#include "sources/pprof_fetch.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Files of a build id's folder that are looked at. */
#define FOLDER_LIMIT 64

struct search {
    const struct lg_profile_mapping *mapping;
    lg_symbol_say_fn *say;
    void *context;
    struct lg_arena *arena;
    struct lg_str folder; /* of the search path */
    struct lg_str found;
};

static bool open_elf(const char *path, struct lg_mapped *map,
                     struct lg_elf *elf)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
        !lg_mapped_open(map, AT_FDCWD, path, NULL))
        return false;
    if (lg_elf_parse(map->bytes, elf, NULL))
        return true;
    lg_mapped_deinit(map);
    return false;
}

bool lg_pprof_is_executable(const char *path)
{
    struct lg_mapped map;
    struct lg_elf elf;
    if (!open_elf(path, &map, &elf))
        return false;
    lg_mapped_deinit(&map);
    return true;
}

/* GNU build id in hexadecimal digits; empty: none. */
static struct lg_str build_id(const struct lg_elf *elf, struct lg_arena *arena)
{
    struct lg_elf_segment segment;
    struct lg_elf_note note;
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    for (uint32_t i = 0; lg_elf_segment(elf, i, &segment); i++) {
        if (segment.type != PT_NOTE)
            continue;
        struct lg_str rest = lg_elf_segment_bytes(elf, &segment);
        while (lg_elf_note_next(elf, &rest, segment.align, &note)) {
            if (note.type != NT_GNU_BUILD_ID ||
                !lg_str_eq(note.name, LG_STR("GNU")) || sb.len > 0)
                continue;
            for (size_t k = 0; k < note.description.len; k++)
                lg_sb_fmt(&sb, "%02x", (unsigned char)note.description.data[k]);
        }
    }
    return lg_sb_view(&sb);
}

/* Whether the file is an object, and the mapping's. */
static bool try_file(struct search *s, struct lg_str name)
{
    struct lg_mapped map;
    struct lg_elf elf;
    const char *path = lg_str_cstr(s->arena, name);
    if (s->found.len > 0 || path == NULL || !open_elf(path, &map, &elf))
        return false;
    struct lg_str wanted = s->mapping->build_id;
    struct lg_str actual = build_id(&elf, s->arena);
    lg_mapped_deinit(&map);
    if (wanted.len == 0 || lg_str_eq(wanted, actual)) {
        s->found = name;
        return true;
    }
    struct lg_sb sb;
    lg_sb_init(&sb, s->arena);
    lg_sb_fmt(&sb, "Ignoring local file %s: build-id mismatch (%.*s != %.*s)",
              path, LG_STR_ARG(wanted), LG_STR_ARG(actual));
    const char *text = lg_sb_cstr_of(&sb);
    if (text != NULL)
        s->say(s->context, text);
    return false;
}

static struct lg_str join(struct search *s, struct lg_str a, struct lg_str b)
{
    return lg_path_join(a, b, s->arena);
}

static struct lg_str with_debug(struct search *s, struct lg_str name)
{
    struct lg_sb sb;
    lg_sb_init(&sb, s->arena);
    lg_sb_str(&sb, name);
    lg_sb_cstr(&sb, ".debug");
    return lg_sb_view(&sb);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* All files of a folder, by name. */
static void try_folder(struct search *s, struct lg_str folder)
{
    struct dirent **entries;
    const char *path = lg_str_cstr(s->arena, folder);
    int count = path != NULL ? scandir(path, &entries, visible, alphasort) : -1;
    for (int i = 0; i < count; i++) {
        if (i < FOLDER_LIMIT)
            try_file(s, join(s, folder, lg_str_of(entries[i]->d_name)));
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void try_build_id(struct search *s, struct lg_str base)
{
    struct lg_str id = s->mapping->build_id;
    struct lg_str folder = join(s, s->folder, id);
    try_file(s, join(s, folder, base));
    try_folder(s, folder);
    /* perf's form, then debuginfod's: ab/cdef0123.debug */
    try_file(s, join(s, join(s, s->folder, s->mapping->file), id));
    if (id.len >= 2)
        try_file(s, join(s, join(s, s->folder, lg_str_first(id, 2)),
                         with_debug(s, lg_str_skip(id, 2))));
}

/* By name alone, and where debuggers look. */
static void try_name(struct search *s, struct lg_str base)
{
    struct lg_str file = s->mapping->file;
    struct lg_str dir = lg_path_dir(file, s->arena);
    try_file(s, join(s, s->folder, base));
    try_file(s, join(s, s->folder, file));
    try_file(s, join(s, s->folder, with_debug(s, file)));
    try_file(s, join(s, join(s, s->folder, dir),
                     join(s, LG_STR(".debug"), with_debug(s, base))));
    struct lg_str debug = join(s, s->folder, LG_STR("usr/lib/debug"));
    try_file(s, join(s, join(s, debug, dir), with_debug(s, base)));
}

/* The mapping's file below the search path; empty: not there. */
static struct lg_str find(const struct lg_profile_mapping *m,
                          struct lg_str paths, lg_symbol_say_fn *say,
                          void *context, struct lg_arena *arena)
{
    struct search s = {
        .mapping = m, .say = say, .context = context, .arena = arena};
    struct lg_str base = {NULL, 0};
    struct lg_cut cut = {.tail = paths, .found = paths.len > 0};
    if (m->file.len > 0)
        base = lg_path_base(m->file);
    while (cut.found && s.found.len == 0) {
        cut = lg_str_cut_char(cut.tail, ':');
        s.folder = cut.head;
        if (m->build_id.len > 0)
            try_build_id(&s, base);
        if (m->file.len > 0)
            try_name(&s, base);
    }
    return s.found;
}

static struct lg_str search_path(const struct lg_symbol_source *source,
                                 struct lg_arena *arena)
{
    if (source->binary_path.len > 0)
        return source->binary_path;
    const char *home = getenv("HOME");
    return lg_path_join(lg_str_of(home != NULL ? home : ""),
                        LG_STR("pprof/binaries"), arena);
}

/* So that addresses of a profile without mappings can be looked up, too. */
static bool add_mapping(struct lg_profile *p, struct lg_arena *arena)
{
    struct lg_profile_mapping *m = lg_push(arena, &p->mappings);
    if (m == NULL)
        return false;
    m->id = 1;
    lg_each(location, p->locations)
        location->mapping = 1;
    return true;
}

bool lg_pprof_locate(struct lg_profile *p,
                     const struct lg_symbol_source *source,
                     lg_symbol_say_fn *say, void *context,
                     struct lg_arena *arena)
{
    struct lg_str paths = search_path(source, arena);
    lg_each(m, p->mappings) {
        struct lg_str found = find(m, paths, say, context, arena);
        if (found.len > 0)
            m->file = found;
    }
    if (p->mappings.count == 0 && !add_mapping(p, arena))
        return false;
    struct lg_profile_mapping *first = &p->mappings.items[0];
    if (source->executable.len > 0)
        first->file = source->executable;
    if (first->build_id.len == 0)
        first->build_id = source->build_id;
    return !arena->failed;
}
