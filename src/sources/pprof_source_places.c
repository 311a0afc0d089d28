/* SPDX-License-Identifier: Apache-2.0 */
/* Where this machine keeps Go's sources. No program is asked: `go env` takes
 * longer than all the rest of a report. */
#include "sources/pprof_source.h"

#include "base/path.h"

#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

static struct lg_str below(struct lg_source_finder *f, struct lg_str folder,
                           const char *name)
{
    return lg_path_join(folder, lg_str_of(name), f->arena);
}

static bool exists(struct lg_source_finder *f, struct lg_str path)
{
    char *name = lg_str_cstr(f->arena, path);
    return name != NULL && access(name, R_OK) == 0;
}

/* "go1.24.9\ntime …" → "1.24.9". */
static struct lg_str version_of(struct lg_source_finder *f,
                                struct lg_str folder)
{
    struct lg_str text, version = {0};
    if (lg_source_file_read(below(f, folder, "VERSION"), f->arena, &text) == 0)
        (void)lg_str_after(lg_str_cut_char(text, '\n').head, LG_STR("go"),
                           &version);
    return lg_str_trim(version);
}

static bool add_toolchain(struct lg_source_finder *f, struct lg_str folder)
{
    lg_each(t, f->places.toolchains)
        if (lg_str_eq(t->folder, folder))
            return true;
    if (folder.len == 0 || !exists(f, below(f, folder, "src/runtime")))
        return true;
    struct lg_source_root *root = lg_push(f->arena, &f->places.toolchains);
    if (root == NULL)
        return false;
    root->folder = folder;
    root->version = version_of(f, folder);
    return true;
}

/* "1.9" before "1.10": as strverscmp has it, the newest first. */
static int newest_first(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strverscmp(*y, *x);
}

static bool add_matching(struct lg_source_finder *f, struct lg_str folder,
                         const char *pattern)
{
    glob_t found;
    char *path = lg_str_cstr(f->arena, below(f, folder, pattern));
    if (path == NULL || glob(path, GLOB_NOSORT, NULL, &found) != 0)
        return path != NULL;
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, newest_first);
    bool ok = true;
    for (size_t i = 0; ok && i < found.gl_pathc; i++) {
        struct lg_str name = lg_str_dup(f->arena, lg_str_of(found.gl_pathv[i]));
        ok = name.data != NULL && add_toolchain(f, name);
    }
    globfree(&found);
    return ok;
}

/* The toolchain whose `go` would run. */
static bool add_from_path(struct lg_source_finder *f)
{
    struct lg_cut cut = {.tail = lg_str_of(f->env.path)};
    while (cut.tail.len != 0) {
        cut = lg_str_cut_char(cut.tail, ':');
        if (!lg_path_is_absolute(cut.head))
            continue;
        char *go = lg_str_cstr(f->arena, below(f, cut.head, "go"));
        LG_FREE
        char *real = go != NULL ? realpath(go, NULL) : NULL;
        if (real == NULL)
            continue;
        struct lg_str name = lg_str_dup(f->arena, lg_str_of(real));
        return add_toolchain(
            f, lg_path_dir(lg_path_dir(name, f->arena), f->arena));
    }
    return true;
}

/* A variable that `go env -w` wrote. Source: Go 1.27: cmd/go/internal/cfg. */
static struct lg_str written_variable(struct lg_source_finder *f,
                                      struct lg_str name)
{
    struct lg_str text, value;
    struct lg_str path = below(f, lg_str_of(f->env.home), ".config/go/env");
    if (f->env.home == NULL || lg_source_file_read(path, f->arena, &text) != 0)
        return (struct lg_str){0};
    for (struct lg_cut cut = {.tail = text}; cut.tail.len != 0;) {
        cut = lg_str_cut_char(cut.tail, '\n');
        if (lg_str_after(lg_str_trim(cut.head), name, &value))
            return value;
    }
    return (struct lg_str){0};
}

static bool add_folder(struct lg_source_finder *f, struct lg_source_paths *list,
                       struct lg_str folder)
{
    if (!lg_path_is_absolute(folder) || !exists(f, folder))
        return true;
    for (size_t i = 0; i < list->count; i++)
        if (lg_str_eq(list->items[i], folder))
            return true;
    struct lg_str *slot = lg_push(f->arena, list);
    if (slot != NULL)
        *slot = folder;
    return slot != NULL;
}

static bool add_gopaths(struct lg_source_finder *f, struct lg_str list)
{
    struct lg_source_places *p = &f->places;
    for (struct lg_cut cut = {.tail = list}; cut.tail.len != 0;) {
        cut = lg_str_cut_char(cut.tail, ':');
        if (cut.head.len != 0 &&
            (!add_folder(f, &p->module_caches, below(f, cut.head, "pkg/mod")) ||
             !add_folder(f, &p->gopaths, below(f, cut.head, "src"))))
            return false;
    }
    return true;
}

static bool add_modules(struct lg_source_finder *f)
{
    struct lg_str home = lg_str_of(f->env.home);
    return add_folder(f, &f->places.module_caches,
                      lg_str_of(f->env.gomodcache)) &&
           add_folder(f, &f->places.module_caches,
                      written_variable(f, LG_STR("GOMODCACHE="))) &&
           add_gopaths(f, lg_str_of(f->env.gopath)) &&
           add_gopaths(f, written_variable(f, LG_STR("GOPATH="))) &&
           (home.len == 0 || add_gopaths(f, below(f, home, "go")));
}

static bool add_toolchains(struct lg_source_finder *f)
{
    struct lg_str home = lg_str_of(f->env.home);
    bool ok = add_toolchain(f, lg_str_of(f->env.goroot)) && add_from_path(f) &&
              (home.len == 0 || add_matching(f, home, "sdk/go*"));
    for (size_t i = 0; ok && i < f->places.module_caches.count; i++)
        ok = add_matching(f, f->places.module_caches.items[i],
                          "golang.org/toolchain@*");
    return ok && add_toolchain(f, LG_STR("/usr/local/go")) &&
           add_toolchain(f, LG_STR("/usr/lib/go")) &&
           add_matching(f, LG_STR("/usr/lib"), "go-*");
}

bool lg_source_places_find(struct lg_source_finder *f)
{
    if (f->places.is_ready)
        return true;
    f->places.is_ready = true;
    return add_modules(f) && add_toolchains(f);
}
