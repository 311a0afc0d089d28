/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_machine.h"

#include "base/path.h"
#include "sources/pprof_dwarf.h"
#include "sources/pprof_objdump.h"
#include "sources/pprof_object.h"
#include "sources/pprof_source.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct opened { /* NULL object: why says it */
    struct lg_object *object;
    struct lg_error why;
    bool was_dwarf_asked;
    struct lg_pprof_dwarf *dwarf; /* may be NULL */
};

struct machine {
    struct lg_arena *arena;
    struct lg_source_finder finder;
    struct lg_objdump objdump;
    struct lg_map objects; /* path → struct opened * */
};

static bool read_source(void *context, const struct lg_source_query *query,
                        struct lg_arena *arena, struct lg_str *text_ret)
{
    struct machine *m = context;
    return lg_source_find(&m->finder, query, arena, text_ret);
}

static struct opened *open_new(struct machine *m, struct lg_str path)
{
    struct opened *o = lg_new(m->arena, struct opened, 1);
    struct lg_object *object = lg_new(m->arena, struct lg_object, 1);
    const char *name = lg_str_cstr(m->arena, path);
    if (o == NULL || object == NULL || name == NULL)
        return NULL;
    if (lg_object_open(object, name, &o->why))
        o->object = object;
    return o;
}

static struct opened *opened_of(struct machine *m, struct lg_str path)
{
    bool is_fresh;
    uint64_t *slot = lg_map_put_str(&m->objects, path, &is_fresh);
    if (slot == NULL)
        return NULL;
    if (is_fresh)
        *slot = (uint64_t)(uintptr_t)open_new(m, path);
    return (void *)(uintptr_t)*slot;
}

static bool object_of(struct machine *m, struct lg_str path,
                      const struct lg_object **ret, struct lg_error *err)
{
    const struct opened *o = opened_of(m, path);
    if (o == NULL)
        return lg_fail_nomem(err);
    if (o->object == NULL) {
        if (err != NULL)
            *err = o->why;
        return false;
    }
    *ret = o->object;
    return true;
}

static bool object_offset(void *context,
                          const struct lg_profile_mapping *mapping,
                          uint64_t *offset_ret, struct lg_error *err)
{
    const struct lg_object *object = NULL;
    if (!object_of(context, mapping->file, &object, err))
        return false;
    *offset_ret = lg_object_offset(object, mapping->start);
    return true;
}

static bool symbols(void *context, struct lg_str file,
                    const struct lg_regex *matches, uint64_t address,
                    struct lg_arena *arena, struct lg_code_symbols *ret,
                    struct lg_error *err)
{
    const struct lg_object *object = NULL;
    return object_of(context, file, &object, err) &&
           lg_object_symbols(object, matches, address, arena, ret, err);
}

/* Tools run in /, and a name that starts with '-' must be no option. */
static char *absolute(struct lg_str file, struct lg_arena *arena)
{
    const char *name = lg_str_cstr(arena, file);
    LG_FREE
    char *real = name != NULL ? realpath(name, NULL) : NULL;
    return lg_str_cstr(arena, real != NULL ? lg_str_of(real) : file);
}

/* A tool that is older than the binary's Go cannot read its lines. */
static void add_lines(const struct lg_object *object,
                      struct lg_code_lines *lines)
{
    struct lg_code_line frame;
    for (size_t i = 0; i < lines->count; i++) {
        struct lg_code_line *line = &lines->items[i];
        if (line->file.len != 0 || line->line != 0 ||
            lg_object_frames(object, line->address, &frame, 1) == 0)
            continue;
        line->file = frame.file;
        line->line = frame.line;
    }
}

/* Where PATH has no go, a toolchain's may do. */
static void tell_toolchain(struct machine *m)
{
    if (m->objdump.go.len == 0 && lg_source_places_find(&m->finder) &&
        m->finder.places.toolchains.count != 0)
        m->objdump.go =
            lg_path_join(m->finder.places.toolchains.items[0].folder,
                         LG_STR("bin/go"), m->arena);
}

static void expect(void *context, struct lg_str file,
                   const struct lg_code_symbol *symbols, size_t count)
{
    struct machine *m = context;
    const struct lg_object *object = NULL;
    if (!object_of(m, file, &object, NULL))
        return;
    tell_toolchain(m);
    lg_objdump_expect(&m->objdump, object, symbols, count);
}

static bool disassemble(void *context, struct lg_str file, uint64_t start,
                        uint64_t limit, bool intel, struct lg_arena *arena,
                        struct lg_code_lines *ret, struct lg_error *err)
{
    struct machine *m = context;
    const struct lg_object *object = NULL;
    if (intel)
        return lg_fail(err, LG_UNSUPPORTED,
                       "printing assembly in Intel syntax is not supported");
    if (!object_of(m, file, &object, err))
        return false;
    tell_toolchain(m);
    const struct lg_code_lines *known =
        lg_objdump_known(&m->objdump, object, start, limit);
    const char *path = absolute(file, arena);
    if (path == NULL)
        return lg_fail_nomem(err);
    if (known != NULL)
        *ret = *known;
    else if (!lg_objdump_run(&m->objdump, path, start, limit, arena, ret, err))
        return false;
    add_lines(object, ret);
    return true;
}

/* Go's functions by its table, others by DWARF or symbols. */
static size_t frames(void *context, struct lg_str file, uint64_t address,
                     struct lg_code_line *ret, size_t max)
{
    struct machine *m = context;
    struct opened *o = opened_of(m, file);
    if (o == NULL || o->object == NULL)
        return 0;
    size_t count = lg_object_frames(o->object, address, ret, max);
    if (count != 0)
        return count;
    if (!o->was_dwarf_asked) {
        o->was_dwarf_asked = true;
        o->dwarf = lg_pprof_dwarf_create(o->object, file);
    }
    return o->dwarf == NULL
               ? 0
               : lg_pprof_dwarf_frames(o->dwarf, address, ret, max, m->arena);
}

/* Go's os.Getwd: how the shell calls it, when that is the same folder. */
static struct lg_str working_folder(struct lg_arena *arena)
{
    const char *pwd = getenv("PWD");
    struct stat shell, real;
    if (pwd != NULL && pwd[0] == '/' && stat(pwd, &shell) == 0 &&
        stat(".", &real) == 0 && shell.st_dev == real.st_dev &&
        shell.st_ino == real.st_ino)
        return lg_str_dup(arena, lg_str_of(pwd));
    LG_FREE
    char *path = getcwd(NULL, 0);
    return lg_str_dup(arena, lg_str_of(path));
}

bool lg_pprof_machine_init(struct lg_pprof_machine *m, lg_machine_say_fn *say,
                           void *say_context, struct lg_arena *arena,
                           struct lg_error *err)
{
    struct machine *own = lg_new(arena, struct machine, 1);
    struct lg_source_env env;
    if (own == NULL)
        return lg_fail_nomem(err);
    own->arena = arena;
    lg_source_env_read(&env);
    lg_source_finder_init(&own->finder, &env, say, say_context, arena);
    lg_objdump_init(&own->objdump, arena);
    lg_map_init(&own->objects, arena);
    *m = (struct lg_pprof_machine){.context = own,
                                   .working_folder = working_folder(arena),
                                   .read_source = read_source,
                                   .object_offset = object_offset,
                                   .symbols = symbols,
                                   .expect = expect,
                                   .disassemble = disassemble,
                                   .frames = frames};
    return true;
}

void lg_pprof_machine_deinit(struct lg_pprof_machine *m)
{
    struct machine *own = m->context;
    for (size_t i = 0; own != NULL && i < own->objects.count; i++) {
        struct opened *o = (void *)(uintptr_t)own->objects.entries[i].value;
        if (o == NULL || o->object == NULL)
            continue;
        lg_pprof_dwarf_destroy(o->dwarf);
        lg_object_deinit(o->object);
    }
    *m = (struct lg_pprof_machine){0};
}
