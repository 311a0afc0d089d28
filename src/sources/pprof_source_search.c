/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that pprof does not find. */
#include "sources/pprof_source.h"

#include "base/path.h"
#include "base/sb.h"
#include "target/build_info.h"

#include <fcntl.h>

struct search {
    struct lg_source_finder *finder;
    const struct lg_source_query *query;
    struct lg_arena *arena;
    struct lg_source_paths *tried;
    struct lg_source_paths folders; /* where the program's own files may be */
    struct lg_str path, text;       /* what was found */
};

/* Whether the file is there and, unless its name is proof, plausible. */
static bool try_path(struct search *s, struct lg_str path, bool is_sure)
{
    for (size_t i = 0; i < s->tried->count; i++)
        if (lg_str_eq(s->tried->items[i], path))
            return false;
    struct lg_str *slot = lg_push(s->arena, s->tried);
    if (slot == NULL || path.data == NULL)
        return false;
    *slot = path;
    if (lg_source_file_read(path, s->arena, &s->text) != 0 ||
        s->text.len == 0 ||
        (!is_sure && !lg_source_is_plausible(s->text, s->query)))
        return false;
    s->path = path;
    return true;
}

static bool try_below(struct search *s, struct lg_str folder,
                      struct lg_str name, bool is_sure)
{
    return try_path(s, lg_path_join(folder, name, s->arena), is_sure);
}

/* "1.24.9" of the binary that the profile is of, when that is here. */
static struct lg_str version_of_binary(struct search *s)
{
    struct lg_source_finder *f = s->finder;
    struct lg_str version = {0};
    char *path = lg_str_cstr(f->arena, s->query->binary);
    if (s->query->binary.len == 0 || path == NULL)
        return version;
    bool is_fresh;
    uint64_t *slot = lg_map_put_str(&f->builds, lg_str_of(path), &is_fresh);
    if (slot == NULL)
        return version;
    if (is_fresh) {
        struct lg_mapped file;
        struct lg_build_info *build = lg_new(f->arena, struct lg_build_info, 1);
        if (build != NULL && lg_mapped_open(&file, AT_FDCWD, path, NULL)) {
            if (!lg_build_info_parse(file.bytes, f->arena, build, NULL))
                *build = (struct lg_build_info){0};
            build->go_version = lg_str_dup(f->arena, build->go_version);
            lg_mapped_deinit(&file);
        }
        *slot = (uint64_t)(uintptr_t)build;
    }
    const struct lg_build_info *build = (void *)(uintptr_t)*slot;
    if (build != NULL)
        (void)lg_str_after(build->go_version, LG_STR("go"), &version);
    return version;
}

/* name: below a toolchain's src. The version that is told first. */
static bool try_toolchains(struct search *s, struct lg_str name,
                           struct lg_str version)
{
    const struct lg_source_places *p = &s->finder->places;
    if (version.len == 0)
        version = version_of_binary(s);
    struct lg_str in_src = lg_path_join(LG_STR("src"), name, s->arena);
    lg_each(t, p->toolchains)
        if (version.len != 0 && lg_str_eq(t->version, version) &&
            try_below(s, t->folder, in_src, true))
            return true;
    lg_each(t, p->toolchains)
        if (try_below(s, t->folder, in_src, false))
            return true;
    return false;
}

/* "toolchain@v0.0.1-go1.24.9.linux-amd64", "go1.24.9", "go-1.19" → "1.24.9" */
static struct lg_str version_in(struct lg_str folder)
{
    struct lg_str name = lg_path_base(folder), at = {0};
    struct lg_cut cut = lg_str_rcut(name, LG_STR("go"));
    if (!cut.found)
        return at;
    at = cut.tail;
    (void)lg_str_after(at, LG_STR("-"), &at);
    size_t len = 0;
    while (len < at.len && (at.data[len] == '.' ||
                            (at.data[len] >= '0' && at.data[len] <= '9')))
        len++;
    while (len != 0 && at.data[len - 1] == '.') /* ".linux-amd64" */
        len--;
    return lg_str_first(at, len);
}

/* Import paths of the standard library have no domain in front. */
static bool can_be_standard(struct lg_str path)
{
    return !lg_path_is_absolute(path) &&
           !lg_str_contains(lg_str_cut_char(path, '/').head, LG_STR("."));
}

/* What follows each "/src/" may be the standard library's, or GOPATH's. */
static bool try_standard(struct search *s)
{
    struct lg_str path = s->query->path;
    if (can_be_standard(path) && try_toolchains(s, path, LG_STR("")))
        return true;
    struct lg_str rest = path;
    for (struct lg_cut cut; cut = lg_str_cut(rest, LG_STR("/src/")), cut.found;
         rest = cut.tail) {
        size_t before = (size_t)(cut.tail.data - path.data) - 5;
        if (try_toolchains(s, cut.tail, version_in(lg_str_first(path, before))))
            return true;
        const struct lg_source_paths *gopaths = &s->finder->places.gopaths;
        for (size_t i = 0; i < gopaths->count; i++)
            if (try_below(s, gopaths->items[i], cut.tail, false))
                return true;
    }
    return false;
}

/* The cache writes "A" as "!a", so that no file system confuses the two. */
static struct lg_str escaped(struct search *s, struct lg_str name)
{
    struct lg_sb sb;
    lg_sb_init(&sb, s->arena);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (c >= 'A' && c <= 'Z') {
            lg_sb_char(&sb, '!');
            c = (char)(c - 'A' + 'a');
        }
        lg_sb_char(&sb, c);
    }
    return lg_sb_view(&sb);
}

static struct lg_str unescaped(struct search *s, struct lg_str name)
{
    struct lg_sb sb;
    lg_sb_init(&sb, s->arena);
    for (size_t i = 0; i < name.len; i++) {
        bool is_capital = name.data[i] == '!' && i + 1 < name.len &&
                          name.data[i + 1] >= 'a' && name.data[i + 1] <= 'z';
        i += is_capital;
        lg_sb_char(&sb, is_capital ? (char)(name.data[i] - 'a' + 'A')
                                   : name.data[i]);
    }
    return lg_sb_view(&sb);
}

/* A cache that is not called pkg/mod: "/cache/a.b/c@v1.2.3/x.go". */
static bool try_cache_tails(struct search *s)
{
    const struct lg_source_places *p = &s->finder->places;
    struct lg_str tail = s->query->path;
    for (ptrdiff_t slash; lg_str_contains(tail, LG_STR("@")) &&
                          (slash = lg_str_find_char(tail, '/')) >= 0;) {
        tail = lg_str_skip(tail, (size_t)slash + 1);
        for (size_t i = 0; i < p->module_caches.count; i++)
            if (try_below(s, p->module_caches.items[i], tail, true))
                return true;
    }
    return false;
}

/* "a.b/C@v1.2.3/x.go", below "/pkg/mod/" as the cache writes it. Only what
 * lies behind the version is written as it is, too. */
static bool try_module_cache(struct search *s)
{
    const struct lg_source_places *p = &s->finder->places;
    struct lg_cut in_cache = lg_str_rcut(s->query->path, LG_STR("/pkg/mod/"));
    struct lg_str name = in_cache.found ? in_cache.tail : s->query->path;
    struct lg_cut cut = lg_str_cut_char(name, '@');
    ptrdiff_t slash = lg_str_find_char(cut.tail, '/');
    if (!cut.found || slash < 0)
        return false;
    if (!in_cache.found && name.data[0] == '/')
        return try_cache_tails(s);
    struct lg_str version = lg_str_first(cut.tail, (size_t)slash);
    struct lg_str rest = lg_str_skip(cut.tail, (size_t)slash + 1), in_src;
    if (lg_str_eq(cut.head, LG_STR("golang.org/toolchain")))
        return lg_str_after(rest, LG_STR("src/"), &in_src) &&
               try_toolchains(s, in_src, version_in(version));
    struct lg_str module = lg_str_first(name, name.len - rest.len - 1);
    if (!in_cache.found)
        module = escaped(s, module);
    for (size_t i = 0; i < p->module_caches.count; i++)
        if (try_below(s, p->module_caches.items[i],
                      lg_path_join(module, rest, s->arena), true))
            return true;
    struct lg_str vendored =
        lg_path_join(LG_STR("vendor"), unescaped(s, cut.head), s->arena);
    for (size_t i = 0; i < s->folders.count; i++)
        if (try_below(s, s->folders.items[i],
                      lg_path_join(vendored, rest, s->arena), false) ||
            try_below(s, s->folders.items[i], rest, false))
            return true;
    return false;
}

static bool add_folder(struct search *s, struct lg_str folder)
{
    for (size_t i = 0; i < s->folders.count; i++)
        if (lg_str_eq(s->folders.items[i], folder))
            return true;
    struct lg_str *slot = lg_push(s->arena, &s->folders);
    if (slot != NULL)
        *slot = folder;
    return slot != NULL;
}

/* The folders of the search path, and the module's that each lies in. */
static bool find_folders(struct search *s)
{
    struct lg_cut cut = {.tail = s->query->search_path};
    struct lg_str ignored;
    do {
        cut = lg_str_cut_char(cut.tail, ':');
        if (!lg_path_is_absolute(cut.head))
            continue;
        struct lg_str folder = lg_path_clean(cut.head, s->arena);
        if (!add_folder(s, folder))
            return false;
        for (size_t old = 0; folder.len != old;) {
            struct lg_str mod =
                lg_path_join(folder, LG_STR("go.mod"), s->arena);
            if (lg_source_file_read(mod, s->arena, &ignored) == 0) {
                if (!add_folder(s, folder))
                    return false;
                break;
            }
            old = folder.len;
            folder = lg_path_dir(folder, s->arena);
        }
    } while (cut.found);
    return true;
}

/* What the build machine called it less one leading folder after another:
 * "/build/app/cmd/x.go" is cmd/x.go here. */
static bool try_tails(struct search *s)
{
    struct lg_str tail = s->query->path;
    while (tail.len != 0) {
        while (tail.len != 0 && tail.data[0] == '/')
            tail = lg_str_skip(tail, 1);
        for (size_t i = 0; i < s->folders.count && tail.len != 0; i++)
            if (try_below(s, s->folders.items[i], tail, false))
                return true;
        ptrdiff_t slash = lg_str_find_char(tail, '/');
        tail = lg_str_skip(tail, slash < 0 ? tail.len : (size_t)slash);
    }
    return false;
}

bool lg_source_search(struct lg_source_finder *f,
                      const struct lg_source_query *query,
                      struct lg_arena *arena, struct lg_source_paths *tried,
                      struct lg_str *path_ret, struct lg_str *text_ret)
{
    struct search s = {
        .finder = f, .query = query, .arena = arena, .tried = tried};
    if (!lg_source_places_find(f) || !find_folders(&s))
        return false;
    if (!try_module_cache(&s) && !try_standard(&s) && !try_tails(&s))
        return false;
    *path_ret = s.path;
    *text_ret = s.text;
    return true;
}
