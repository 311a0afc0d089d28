/* SPDX-License-Identifier: Apache-2.0 */
/* Whose code is it? The main module's packages and package main are the
 * user's; a dependency may lie below the main module's path, so the longest
 * module that fits decides. Without build information a file in the module
 * cache (…@version/…) or a vendor folder is somebody else's. */
#include "diagnose/case.h"

static bool in_module(struct lg_str package, struct lg_str module)
{
    struct lg_str rest;
    return module.len > 0 && lg_str_after(package, module, &rest) &&
           (rest.len == 0 || rest.data[0] == '/');
}

const struct lg_module *lg_case_module_of(const struct lg_case *c,
                                          struct lg_str function)
{
    struct lg_str package = lg_frame_package(function);
    const struct lg_module *best = NULL;
    lg_each(dep, c->in->subject.build.deps) {
        if (in_module(package, dep->path) &&
            (best == NULL || dep->path.len > best->path.len)) {
            best = dep;
        }
    }
    return best;
}

static bool looks_foreign(struct lg_str file)
{
    return lg_str_contains(file, LG_STR("/pkg/mod/")) ||
           lg_str_contains(file, LG_STR("@v")) ||
           lg_str_contains(file, LG_STR("/vendor/"));
}

bool lg_case_is_user(const struct lg_case *c, const struct lg_frame *frame)
{
    const struct lg_build_info *build = &c->in->subject.build;
    struct lg_str package = lg_frame_package(frame->function);
    struct lg_str module = build->module.path;
    if (package.len == 0 || lg_frame_is_runtime(frame->function)) {
        return false;
    }
    if (lg_str_eq(package, LG_STR("main"))) {
        return true;
    }
    const struct lg_module *dep = lg_case_module_of(c, frame->function);
    if (in_module(package, module)) {
        return dep == NULL || dep->path.len < module.len;
    }
    if (dep != NULL || lg_frame_is_std(frame->function, module)) {
        return false;
    }
    return !looks_foreign(frame->file) && module.len == 0;
}

bool lg_frame_same(const struct lg_frame *a, const struct lg_frame *b)
{
    return a->line == b->line && lg_str_eq(a->function, b->function);
}

struct lg_frame lg_case_leaf(const struct lg_case *c,
                             const struct lg_frame *frames, size_t count)
{
    struct lg_frame first = {0};
    struct lg_str module = c->in->subject.build.module.path;
    for (size_t i = 0; i < count; i++) {
        if (lg_frame_is_runtime(frames[i].function)) {
            continue;
        }
        if (first.function.len == 0) {
            first = frames[i];
        }
        if (lg_case_is_user(c, &frames[i])) {
            break;
        }
        if (!lg_frame_is_std(frames[i].function, module)) {
            return frames[i];
        }
    }
    return first;
}
