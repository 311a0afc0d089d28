/* SPDX-License-Identifier: Apache-2.0 */
/* Which module a profile is of, by what its files and packages are called. */
#include "evidence/profile_filter.h"

static struct lg_str folder_of(struct lg_str file)
{
    ptrdiff_t slash = lg_str_rfind_char(file, '/');
    return lg_str_first(file, slash < 0 ? 0 : (size_t)slash);
}

/* Length of the folder that both lie in: whole elements, without the slash. */
static size_t common_folder(struct lg_str a, struct lg_str b)
{
    size_t at = 0, whole = 0;
    while (at < a.len && at < b.len && a.data[at] == b.data[at]) {
        if (a.data[at] == '/')
            whole = at;
        at++;
    }
    bool a_ends = at == a.len || a.data[at] == '/';
    bool b_ends = at == b.len || b.data[at] == '/';
    return a_ends && b_ends ? at : whole;
}

/* The module a package belongs to if its files and those of package main lie
 * in one module: what is left of the package's path without its way down from
 * the folder of both. Empty: they don't. */
static struct lg_str module_of(struct lg_str package, struct lg_str folder,
                               struct lg_str main_folder)
{
    const struct lg_str none = {NULL, 0};
    struct lg_str below =
        lg_str_skip(folder, common_folder(folder, main_folder));
    if (!lg_str_ends(package, below))
        return none;
    struct lg_str module = lg_str_first(package, package.len - below.len);
    struct lg_str first = lg_str_cut_char(module, '/').head;
    /* A host alone ("github.com") is what modules in GOPATH have in common. */
    if (first.len == module.len && lg_str_contains(first, LG_STR(".")))
        return none;
    return module;
}

static struct lg_str main_folder(const struct lg_profile *p)
{
    struct lg_str folder = {NULL, 0};
    lg_each(f, p->functions) {
        if (!lg_str_eq(lg_frame_package(f->name), LG_STR("main")))
            continue;
        folder = folder_of(f->file);
        if (lg_str_eq(f->name, LG_STR("main.main")))
            return folder;
    }
    return folder;
}

struct lg_str lg_profile_main_module(const struct lg_profile *p)
{
    struct lg_str best = {NULL, 0}, home = main_folder(p);
    if (home.len == 0)
        return best;
    lg_each(f, p->functions) {
        struct lg_str package = lg_frame_package(f->name);
        if (package.len == 0 || lg_str_eq(package, LG_STR("main")))
            continue;
        struct lg_str module = module_of(package, folder_of(f->file), home);
        /* Packages near main's folder tell a part of the module only. */
        if (module.len != 0 && (best.len == 0 || module.len < best.len))
            best = module;
    }
    return best;
}
