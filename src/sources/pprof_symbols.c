/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_symbols_internal.h"

#include "base/sb.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

/* Longest line that is said. */
#define SAY_BYTES 4096
/* A name of 100 bytes can stand for a megabyte; what is beyond this in all
 * stays mangled. */
#define DEMANGLED_LIMIT_BYTES ((size_t)256 << 20)

void lg_symbols_say(const struct lg_symboliser *s, const char *fmt, ...)
{
    char text[SAY_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (s->say != NULL)
        s->say(s->context, text);
}

/* ---- copies of columns ---- */

static void *copy(struct lg_arena *arena, const void *items, size_t count,
                  size_t item_bytes)
{
    void *own =
        lg_arena_calloc(arena, count + 1, item_bytes, _Alignof(max_align_t));
    if (own != NULL && count != 0)
        memcpy(own, items, count * item_bytes);
    return own;
}

/* A vector's items for themselves. */
#define OWN(arena, v)                                                          \
    (((v)->items = copy((arena), (v)->items, (v)->count,                       \
                        sizeof *(v)->items)) != NULL &&                        \
     ((v)->capacity = (v)->count + 1) != 0)

bool lg_symbols_own_mappings(struct lg_symboliser *s)
{
    if (!s->owns_mappings)
        s->owns_mappings = OWN(s->arena, &s->p->mappings);
    return s->owns_mappings;
}

bool lg_symbols_own_places(struct lg_symboliser *s)
{
    if (!s->owns_places)
        s->owns_places =
            OWN(s->arena, &s->p->locations) && OWN(s->arena, &s->p->lines);
    return s->owns_places;
}

bool lg_symbols_own_functions(struct lg_symboliser *s)
{
    if (!s->owns_functions)
        s->owns_functions = OWN(s->arena, &s->p->functions);
    return s->owns_functions;
}

/* ---- functions ---- */

/* A number for a text; *own_ret: its copy. */
static bool intern(struct lg_symboliser *s, struct lg_str text,
                   uint64_t *number_ret, struct lg_str *own_ret)
{
    uint64_t *number = lg_map_find_str(&s->names, text);
    if (number == NULL) {
        struct lg_str own = lg_str_dup(s->arena, text);
        number = lg_map_put_str(&s->names, own, NULL);
        if (number == NULL || own.len != text.len)
            return false;
        *number = s->names.count - 1;
    }
    *number_ret = *number;
    *own_ret = s->names.entries[*number].key;
    return true;
}

uint32_t lg_symbols_function(struct lg_symboliser *s, struct lg_str name,
                             struct lg_str file)
{
    uint64_t name_number, file_number;
    bool fresh;
    if (!intern(s, name, &name_number, &name) ||
        !intern(s, file, &file_number, &file) || !lg_symbols_own_functions(s))
        return UINT32_MAX;
    uint64_t *index =
        lg_map_put_u64(&s->functions, name_number << 32 | file_number, &fresh);
    if (index == NULL)
        return UINT32_MAX;
    if (fresh) {
        struct lg_profile_function *f = lg_push(s->arena, &s->p->functions);
        if (f == NULL)
            return UINT32_MAX;
        f->id = s->p->functions.count;
        f->name = f->system_name = name;
        f->file = file;
        *index = s->p->functions.count - 1;
    }
    return (uint32_t)*index;
}

/* ---- the mode ---- */

static bool option_is(struct lg_str option, const char *name)
{
    struct lg_str word = lg_str_of(name);
    if (option.len != word.len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (tolower((unsigned char)option.data[i]) != word.data[i])
            return false;
    return true;
}

/* false: pprof knows no such option. */
static bool take_option(struct lg_symbol_mode *mode, struct lg_str option)
{
    static const struct {
        const char *name;
        bool none, no_local, no_remote, force, is_demangle;
        enum lg_demangle_mode demangle;
    } options[] = {
        {.name = "none", .none = true},
        {.name = "no", .none = true},
        {.name = "local", .no_remote = true},
        {.name = "fastlocal", .no_remote = true},
        {.name = "remote", .no_local = true},
        {.name = "force", .force = true},
        {.name = "demangle=full",
         .force = true,
         .is_demangle = true,
         .demangle = LG_DEMANGLE_FULL},
        {.name = "demangle=none",
         .force = true,
         .is_demangle = true,
         .demangle = LG_DEMANGLE_NONE},
        {.name = "demangle=templates",
         .force = true,
         .is_demangle = true,
         .demangle = LG_DEMANGLE_TEMPLATES},
        {.name = "demangle=default"},
        /* pprof cuts "demangle=" off where it stands. */
        {.name = "full",
         .force = true,
         .is_demangle = true,
         .demangle = LG_DEMANGLE_FULL},
        {.name = "templates",
         .force = true,
         .is_demangle = true,
         .demangle = LG_DEMANGLE_TEMPLATES},
        {.name = "default"},
        {.name = ""},
    };
    for (size_t i = 0; i < LG_COUNT(options); i++) {
        if (!option_is(option, options[i].name))
            continue;
        mode->none = mode->none || options[i].none;
        mode->force = mode->force || options[i].force;
        if (options[i].no_local || options[i].no_remote) {
            mode->no_local = options[i].no_local;
            mode->no_remote = options[i].no_remote;
        }
        if (options[i].is_demangle)
            mode->demangle = options[i].demangle;
        return true;
    }
    return false;
}

struct lg_symbol_mode lg_symbol_mode_parse(struct lg_str text,
                                           lg_symbol_say_fn *say, void *context)
{
    struct lg_symbol_mode mode = {0};
    struct lg_symboliser s = {.say = say, .context = context};
    struct lg_cut cut = {.tail = text, .found = true};
    while (cut.found && !mode.none) {
        cut = lg_str_cut_char(cut.tail, ':');
        if (take_option(&mode, cut.head))
            continue;
        lg_symbols_say(&s, "ignoring unrecognized symbolization option: %.*s",
                       LG_STR_ARG(text));
        lg_symbols_say(&s, "expecting -symbolize=[local|fastlocal|remote|none]"
                           "[:force][:demangle=[none|full|templates|default]");
    }
    return mode;
}

/* ---- demangling ---- */

/* The name to show, in the arena when it is a new one. */
static struct lg_str shown_of(struct lg_symboliser *s, struct lg_str symbol,
                              struct lg_arena *scratch)
{
    if (s->demangled_bytes > DEMANGLED_LIMIT_BYTES)
        return symbol;
    struct lg_str shown = lg_demangle_shown(symbol, s->mode.demangle, scratch);
    if (shown.data == symbol.data)
        return shown;
    s->demangled_bytes += shown.len;
    shown = lg_str_dup(s->arena, shown);
    lg_arena_reset(scratch);
    return shown;
}

/* A name that differs from the symbol was made readable by somebody else. */
static bool demangle_one(struct lg_symboliser *s, size_t index,
                         struct lg_arena *scratch)
{
    const struct lg_profile_function *f = &s->p->functions.items[index];
    struct lg_str name = f->name;
    bool had_both = f->name.len != 0 && f->system_name.len != 0;
    if (s->mode.force && had_both)
        name = f->system_name;
    if (s->mode.demangle != LG_DEMANGLE_NONE &&
        (name.len == 0 || lg_str_eq(name, f->system_name)))
        name = shown_of(s, f->system_name, scratch);
    if (lg_str_eq(name, f->name))
        return true;
    if (!lg_symbols_own_functions(s))
        return false;
    s->p->functions.items[index].name = name;
    return true;
}

static bool demangle_all(struct lg_symboliser *s)
{
    struct lg_arena scratch;
    bool ok = true;
    lg_arena_init(&scratch, 0);
    for (size_t i = 0; ok && i < s->p->functions.count; i++)
        ok = demangle_one(s, i, &scratch);
    lg_arena_deinit(&scratch);
    return ok && !s->arena->failed;
}

bool lg_pprof_symbolise(const struct lg_profile *p,
                        const struct lg_symbol_source *source,
                        lg_symbol_say_fn *say, void *context,
                        struct lg_arena *arena, struct lg_profile *ret,
                        struct lg_error *err)
{
    struct lg_profile made = *p;
    struct lg_symboliser s = {
        .p = &made,
        .source = source,
        .mode = lg_symbol_mode_parse(source->mode, say, context),
        .say = say,
        .context = context,
        .arena = arena,
    };
    lg_map_init(&s.names, arena);
    lg_map_init(&s.functions, arena);
    if (!s.mode.none) {
        if (!s.mode.no_local && !lg_symbols_local(&s, err))
            return false;
        if (!s.mode.no_remote && !lg_symbols_remote(&s, err))
            return false;
        if (!demangle_all(&s))
            return lg_fail_nomem(err);
    }
    *ret = made;
    return true;
}
