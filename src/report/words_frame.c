/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as people read them: short names, paths within the module, and the
 * dependency with its version. */
#include "report/words.h"

#include <inttypes.h>

/* The next character of a package path; the linker writes the dots of its last
 * element as "%2e". */
static char take_unescaped(struct lg_str *s)
{
    char c = s->data[0];
    size_t n = 1;
    if (s->len >= 3 && c == '%' && s->data[1] == '2' &&
        (s->data[2] == 'e' || s->data[2] == 'E')) {
        c = '.';
        n = 3;
    }
    *s = lg_str_skip(*s, n);
    return c;
}

static void put_unescaped(struct lg_str s, struct lg_sb *sb)
{
    while (s.len != 0)
        lg_sb_char(sb, take_unescaped(&s));
}

/* Whether the package is the module's root or below it; *below_ret, still
 * escaped, is "" or "/sub/package". */
static bool module_holds(struct lg_str module, struct lg_str package,
                         struct lg_str *below_ret)
{
    if (module.len == 0)
        return false;
    for (size_t i = 0; i < module.len; i++)
        if (package.len == 0 || take_unescaped(&package) != module.data[i])
            return false;
    if (package.len != 0 && package.data[0] != '/')
        return false;
    *below_ret = package;
    return true;
}

static bool is_main(struct lg_str package)
{
    return lg_str_eq(package, LG_STR("main"));
}

/* "/v2": a major version, which the version itself tells again. */
static bool is_major(struct lg_str element)
{
    uint64_t n;
    return element.len > 1 && element.data[0] == 'v' &&
           lg_str_u64(lg_str_skip(element, 1), &n);
}

/* "go-zero" of "github.com/zeromicro/go-zero", "chi" of ".../chi/v5". */
static struct lg_str module_name(struct lg_str path)
{
    struct lg_cut cut = lg_str_rcut_char(path, '/');
    if (cut.found && is_major(cut.tail))
        cut = lg_str_rcut_char(cut.head, '/');
    return cut.found ? cut.tail : cut.head;
}

void lg_words_function(const struct lg_subject *s, const struct lg_frame *f,
                       struct lg_sb *sb)
{
    struct lg_str module = s->build.module.path, below;
    struct lg_str package = lg_frame_package(f->function);
    if (is_main(package) || !module_holds(module, package, &below)) {
        put_unescaped(lg_frame_short(f->function), sb);
        return;
    }
    lg_sb_str(sb, module_name(module));
    put_unescaped(below, sb);
    put_unescaped(lg_str_skip(f->function, package.len), sb);
}

/* "worker/handle.go" when the function's package says so and the file's own
 * path agrees (//line directives and cgo make others). */
static struct lg_str place_in_module(const struct lg_subject *s,
                                     const struct lg_frame *f)
{
    struct lg_cut cut = lg_str_rcut_char(f->file, '/');
    struct lg_str base = cut.found ? cut.tail : f->file, below;
    struct lg_str package = lg_frame_package(f->function);
    if (is_main(package))
        package = s->build.path;
    if (!cut.found || !module_holds(s->build.module.path, package, &below) ||
        below.len < 2)
        return base;
    below = lg_str_skip(below, 1);
    if (!lg_str_ends(cut.head, below))
        return base;
    size_t before = cut.head.len - below.len;
    if (before != 0 && cut.head.data[before - 1] != '/')
        return base;
    return lg_str_skip(f->file, before);
}

void lg_words_place(const struct lg_subject *s, const struct lg_frame *f,
                    struct lg_sb *sb)
{
    if (f->file.len == 0)
        return;
    lg_sb_str(sb, place_in_module(s, f));
    if (f->line != 0)
        lg_sb_fmt(sb, ":%" PRIu32, f->line);
}

const struct lg_module *lg_words_dependency(const struct lg_subject *s,
                                            struct lg_str function)
{
    const struct lg_module *best = NULL;
    struct lg_str package = lg_frame_package(function), below;
    size_t longest = module_holds(s->build.module.path, package, &below)
                         ? s->build.module.path.len
                         : 0;
    lg_each(dep, s->build.deps)
        if (module_holds(dep->path, package, &below) &&
            dep->path.len > longest) {
            best = dep;
            longest = dep->path.len;
        }
    return best;
}

void lg_words_module(const struct lg_subject *s, const struct lg_frame *f,
                     struct lg_sb *sb)
{
    const struct lg_module *dep = lg_words_dependency(s, f->function);
    if (dep == NULL)
        return;
    lg_sb_str(sb, module_name(dep->path));
    if (dep->version.len == 0)
        return;
    lg_sb_char(sb, ' ');
    lg_sb_str(sb, dep->version);
}

const char *lg_words_leaf_label(const struct lg_finding *f)
{
    switch (f->cause) {
    case LG_CAUSE_GOROUTINE_LEAK:
    case LG_CAUSE_GOROUTINE_BURST:
        return "waits at";
    case LG_CAUSE_HEAP_LEAK:
    case LG_CAUSE_HEAP_BURST:
    case LG_CAUSE_GC_HEADROOM:
    case LG_CAUSE_LIMIT_TOO_LOW:
        return "allocates";
    case LG_CAUSE_FD_LEAK:
        return "opens at";
    default:
        return "leaf";
    }
}

bool lg_words_frame_differs(const struct lg_finding *f,
                            const struct lg_frame *frame)
{
    return frame->function.len != 0 &&
           (!lg_str_eq(frame->function, f->where.function) ||
            frame->line != f->where.line);
}
