/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_check.h"

#include "target/build_info.h"
#include "target/go_dwarf.h"

/* A row that is not the version's own has to explain as many things: before
 * the runtime is set up, any row explains the little that is there. */
#define GUESS_SCORE_MIN 5

/* A live runtime changes while it is looked at, most of all when it begins. */
#define OWN_TRIES 3

const struct lg_go_module *lg_go_module_find(const struct lg_go *go,
                                             uint64_t pc)
{
    lg_each(m, go->modules) {
        if (pc >= m->text && pc < m->etext)
            return m;
    }
    return NULL;
}

struct lg_str lg_go_wait_reason(const struct lg_go *go, unsigned reason)
{
    return reason < go->wait_reason_count ? go->wait_reasons[reason]
                                          : (struct lg_str){0};
}

static bool take_build_info(struct lg_go_finder *f, struct lg_error *err)
{
    struct lg_go *go = f->go;
    if (go->image->binary.len == 0)
        return lg_fail(err, LG_ABSENT,
                       "the program's binary cannot be read: without it a Go "
                       "program's memory has no names");
    if (!lg_elf_parse(go->image->binary, &f->elf, err) ||
        !lg_build_info_parse(go->image->binary, go->arena, &go->build, err))
        return false;
    if (!go->build.is_go)
        return lg_fail(err, LG_ABSENT, "not a Go program");
    return true;
}

static void take_version(struct lg_go_finder *f, struct lg_go_version *ret)
{
    struct lg_go *go = f->go;
    *ret = lg_go_version_parse(go->build.go_version);
    go->minor = ret->known ? ret->minor : 0;
    go->patch = ret->known ? ret->patch : 0;
}

/* Fills the gaps that symbols and code left. */
static void scan_for_vars(struct lg_go *go)
{
    for (int i = 0; i < LG_VAR_COUNT; i++) {
        if (go->vars[i] != 0)
            continue;
        go->vars[i] = lg_go_scan_var(go, (enum lg_go_var)i);
        if (go->vars[i] != 0)
            go->vars_how[i] = LG_HOW_SCAN;
    }
}

/* What an earlier attempt found by its own layout. */
static void forget_vars(struct lg_go *go)
{
    for (int i = 0; i < LG_VAR_COUNT; i++) {
        if (go->vars_how[i] == LG_HOW_SYMBOL || go->vars_how[i] == LG_HOW_DWARF)
            continue;
        go->vars[i] = 0;
        go->vars_how[i] = LG_HOW_NOT;
    }
}

/* Programs that profile no contention have neither ticks nor a rate of it. */
bool lg_go_is_missing_some(const struct lg_go *go)
{
    for (int i = 0; i < LG_VAR_COUNT; i++) {
        if (go->vars[i] == 0 && i != LG_VAR_TICKS_PER_SECOND &&
            i != LG_VAR_MUTEX_PROFILE_RATE)
            return true;
    }
    return false;
}

/* Everything by one layout; does it hold? */
static enum lg_go_fit try_layout(struct lg_go_finder *f,
                                 const struct lg_go_layout *layout,
                                 unsigned *score_ret, struct lg_error *err)
{
    struct lg_go *go = f->go;
    go->layout = layout;
    forget_vars(go);
    if (!lg_go_read_modules(f, err))
        return LG_FIT_NO;
    lg_go_find_in_code(f);
    if (lg_go_is_missing_some(go))
        lg_go_find_symbols(f, true);
    scan_for_vars(go);
    if (go->vars[LG_VAR_ALLGS] == 0) {
        (void)lg_fail(err, LG_BAD_DATA, "the list of goroutines is not found");
        return LG_FIT_NO;
    }
    return lg_go_check_layout(go, score_ret);
}

/* A neighbour's row may pass too: the one by which most makes sense. */
static bool try_others(struct lg_go_finder *f, struct lg_error *err)
{
    const struct lg_go_layout *best = NULL;
    unsigned best_score = 0, score = 0;
    for (size_t i = 0; i < lg_go_layout_count; i++) {
        const struct lg_go_layout *l = &lg_go_layouts[i];
        if (l->machine != f->go->image->machine ||
            try_layout(f, l, &score, err) != LG_FIT_YES ||
            score < GUESS_SCORE_MIN || score < best_score)
            continue;
        best = l;
        best_score = score;
    }
    if (best == NULL || try_layout(f, best, &score, err) == LG_FIT_NO)
        return false;
    f->go->layout_how = LG_HOW_GUESS;
    return true;
}

/* The program's own DWARF, or its separate debug file's. */
static const struct lg_go_layout *dwarf_layout(struct lg_go_finder *f,
                                               const struct lg_go_layout *base)
{
    struct lg_go *go = f->go;
    struct lg_go_dwarf_var vars[LG_VAR_COUNT] = {0};
    struct lg_go_layout *l = lg_new(go->arena, struct lg_go_layout, 1);
    for (int i = 0; i < LG_VAR_COUNT; i++)
        vars[i].name = lg_go_var_name((enum lg_go_var)i);
    if (l == NULL || f->options.ignore_dwarf ||
        (!lg_go_dwarf_read(go->image->binary, base, l, vars, LG_VAR_COUNT,
                           NULL) &&
         (f->options.debug_file.len == 0 ||
          !lg_go_dwarf_read(f->options.debug_file, base, l, vars, LG_VAR_COUNT,
                            NULL))))
        return NULL;
    for (int i = 0; i < LG_VAR_COUNT; i++) {
        if (go->vars_how[i] == LG_HOW_SYMBOL || !vars[i].is_there)
            continue;
        go->vars[i] = vars[i].address + go->image->bias;
        go->vars_how[i] = LG_HOW_DWARF;
    }
    return l;
}

static bool try_dwarf(struct lg_go_finder *f, const struct lg_go_layout *base,
                      struct lg_error *err)
{
    const struct lg_go_layout *l = dwarf_layout(f, base);
    unsigned score;
    if (l == NULL || try_layout(f, l, &score, err) == LG_FIT_NO)
        return false;
    f->go->layout_how = LG_HOW_DWARF;
    return true;
}

/* The row of a release is right while nothing can be checked yet (UNKNOWN): the
 * runtime has only begun. To anything else, its own DWARF comes first. */
static bool choose_layout(struct lg_go_finder *f, struct lg_go_version version,
                          struct lg_error *err)
{
    struct lg_go *go = f->go;
    struct lg_error why;
    unsigned score;
    bool is_exact;
    lg_error_clear(&why);
    const struct lg_go_layout *own =
        lg_go_layout_find(version, go->image->machine, &is_exact);
    if (!is_exact && try_dwarf(f, own, &why))
        return true;
    for (int i = 0; is_exact && i < OWN_TRIES; i++) {
        if (try_layout(f, own, &score, &why) == LG_FIT_NO)
            continue;
        go->layout_how = LG_HOW_TABLE;
        return true;
    }
    if ((is_exact && try_dwarf(f, own, &why)) || try_others(f, &why))
        return true;
    if (!lg_image_is_there(go->image))
        return lg_fail(err, LG_ABSENT, "the process has ended");
    return lg_fail(err, LG_UNSUPPORTED,
                   "%.*s: no known layout of its runtime fits its memory "
                   "(tried: %s, the program's DWARF, all other versions)%s%s",
                   LG_STR_ARG(go->build.go_version), own->name,
                   why.text[0] != '\0' ? "; the last: " : "", why.text);
}

/* Text from the file where it is, else from memory. */
static struct lg_str text_of(struct lg_go *go, const uint64_t header[2])
{
    if (header[1] == 0 || header[1] > LG_GO_WAIT_REASON_BYTES_MAX)
        return (struct lg_str){0};
    return lg_image_copy(go->image, header[0], (size_t)header[1], go->arena);
}

static void read_wait_reasons(struct lg_go *go)
{
    uint64_t headers[2 * LG_GO_WAIT_REASONS_MAX];
    int32_t known = go->layout->offset[LG_WAIT_REASON_COUNT];
    size_t count = known > 0 && known <= LG_GO_WAIT_REASONS_MAX
                       ? (size_t)known
                       : LG_GO_WAIT_REASONS_MAX;
    if (go->vars[LG_VAR_WAIT_REASONS] == 0 ||
        !lg_image_read(go->image, go->vars[LG_VAR_WAIT_REASONS], headers,
                       count * 16))
        return;
    for (size_t i = 0; i < count; i++)
        go->wait_reasons[i] = text_of(go, &headers[2 * i]);
    go->wait_reason_count = count;
}

bool lg_go_open(struct lg_image *image,
                const struct lg_go_open_options *options,
                struct lg_arena *arena, struct lg_go **go_ret,
                struct lg_error *err)
{
    struct lg_go *go = lg_new(arena, struct lg_go, 1);
    struct lg_go_finder f = {.go = go};
    struct lg_go_version version;
    if (go == NULL)
        return lg_fail_nomem(err);
    if (options != NULL)
        f.options = *options;
    go->image = image;
    go->arena = arena;
    if (!take_build_info(&f, err))
        return false;
    take_version(&f, &version);
    lg_go_find_symbols(&f, false);
    if (!lg_go_find_first_module(&f, err) || !choose_layout(&f, version, err))
        return false;
    read_wait_reasons(go);
    *go_ret = go;
    return true;
}
