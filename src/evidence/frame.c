/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/frame.h"

/* Functions that the compiler makes for a type (hash, equality): "type:.eq.…"
 * since Go 1.20, "type..eq.…" before. They belong to no package. */
static bool is_of_type(struct lg_str function)
{
    return lg_str_starts(function, LG_STR("type:")) ||
           lg_str_starts(function, LG_STR("type..")) ||
           lg_str_starts(function, LG_STR("go:"));
}

/* Length up to the first receiver or type argument: behind it, slashes and
 * dots are of other packages' types ("main.F[go.shape.int]",
 * "main.(*T[a/b.U]).M"). */
static size_t plain_len(struct lg_str function)
{
    size_t i = 0;
    while (i < function.len && function.data[i] != '[' &&
           function.data[i] != '(' && function.data[i] != '{')
        i++;
    return i;
}

/* Where the last element of the import path begins. */
static size_t last_element(struct lg_str function)
{
    struct lg_str plain = lg_str_first(function, plain_len(function));
    return (size_t)(lg_str_rfind_char(plain, '/') + 1);
}

struct lg_str lg_frame_package(struct lg_str function)
{
    struct lg_str none = {NULL, 0};
    if (is_of_type(function))
        return none;
    size_t last = last_element(function);
    /* The linker writes the dots of the last element as %2e, so the first dot
     * ends it. */
    ptrdiff_t dot = lg_str_find_char(lg_str_skip(function, last), '.');
    return dot < 0 ? none : lg_str_first(function, last + (size_t)dot);
}

struct lg_str lg_frame_short(struct lg_str function)
{
    if (is_of_type(function))
        return function;
    return lg_str_skip(function, last_element(function));
}

bool lg_frame_is_runtime(struct lg_str function)
{
    struct lg_str package = lg_frame_package(function);
    return package.len == 0 || lg_str_eq(package, LG_STR("runtime")) ||
           lg_str_starts(package, LG_STR("runtime/")) ||
           lg_str_starts(package, LG_STR("internal/runtime/"));
}

static struct lg_str first_element(struct lg_str path)
{
    return lg_str_cut_char(path, '/').head;
}

bool lg_frame_is_std(struct lg_str function, struct lg_str main_module)
{
    struct lg_str package = lg_frame_package(function);
    if (package.len == 0)
        return true;
    if (lg_str_eq(package, LG_STR("main")))
        return false;
    struct lg_str first = first_element(package);
    if (lg_str_contains(first, LG_STR(".")) ||
        lg_str_contains(first, LG_STR("%2e")))
        return false;
    /* Modules of one workspace ("acme/svc", "acme/lib") share their first
     * element; no module is named like a folder of Go's own tree. */
    return main_module.len == 0 ||
           !lg_str_eq(first, first_element(main_module));
}
