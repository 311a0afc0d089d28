/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody types: a command line of `lastgasp pprof`, one word in a line,
 * and the same text as lines of its shell. */
#include "cmd.h"
#include "cmd_pprof_shell.h"
#include "sources/pprof_fetch.h"

#include <assert.h>
#include <stdlib.h>

#define MAX_WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Of the front door, which is not linked: what it would say is dropped. */
void lg_cmd_say(const char *fmt, ...)
{
    (void)fmt;
}
int lg_cmd_fail(const struct lg_error *err)
{
    (void)err;
    return LG_EXIT_FAILED;
}
void lg_pprof_print(struct lg_str text)
{
    (void)text;
}
bool lg_pprof_is_executable(const char *path)
{
    return strlen(path) % 2 == 0;
}

/* A line that is understood names as many sources as there are left. */
static void try_line(struct lg_str text)
{
    char name[] = "pprof", *words[MAX_WORDS + 2] = {name};
    int count = 1;
    struct lg_arena arena;
    struct lg_pprof_line line;
    struct lg_cut cut = {.tail = text, .found = true};
    lg_arena_init(&arena, 0);
    while (cut.found && count <= MAX_WORDS) {
        cut = lg_str_cut_char(cut.tail, '\n');
        words[count] = lg_str_cstr(&arena, cut.head);
        if (words[count++] == NULL)
            abort();
    }
    enum lg_pprof_parsed parsed =
        lg_pprof_line_parse(count, words, &arena, &line);
    if (parsed == LG_PPROF_GO)
        assert(line.source_count > 0 && line.source_count < count);
    if (parsed == LG_PPROF_GO && line.job.command != NULL)
        (void)lg_pprof_command_of(&line.job, line.options.output);
    lg_arena_deinit(&arena);
}

static void make_profile(struct lg_arena *arena, struct lg_profile *p)
{
    static const char *const names[] = {"main.work", "main.rest", "read"};
    static const char *const types[] = {"samples", "cpu"};
    (void)lg_profile_init(p, arena);
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        struct lg_profile_function *f = lg_push(arena, &p->functions);
        if (f != NULL)
            f->name = lg_str_of(names[i]);
    }
    for (size_t i = 0; i < LG_COUNT(types); i++) {
        struct lg_value_type *t = lg_push(arena, &p->types);
        if (t != NULL)
            t->type = lg_str_of(types[i]);
    }
}

/* What the shell does with a line, but for the report itself. */
static void try_typed(const struct lg_profile *p, struct lg_pprof_options *o,
                      struct lg_str typed, struct lg_arena *arena)
{
    struct lg_str lines[LG_PPROF_EXPANDED], rest, word;
    size_t count = lg_pprof_expand(p, typed, arena, lines);
    assert(count > 0 && count <= LG_PPROF_EXPANDED);
    for (size_t i = 0; i < count; i++) {
        struct lg_pprof_assignment a;
        struct lg_pprof_options options;
        struct lg_pprof_job job;
        struct lg_error err = {0};
        struct lg_sb sb;
        rest = lines[i];
        lg_sb_init(&sb, arena);
        (void)lg_pprof_help(&sb, rest, p);
        if (lg_pprof_assignment_parse(lines[i], &a))
            (void)lg_pprof_options_configure(o, a.name, a.value, &err);
        else if (lg_str_word(&rest, &word) &&
                 lg_pprof_command_parse(lines[i], o, arena, &job, &options,
                                        &err))
            assert(job.has_param == job.command->has_param);
    }
    struct lg_str whole = lg_pprof_complete(p, typed, arena);
    assert(whole.len == 0 || whole.data != NULL);
}

static void try_shell(struct lg_str text)
{
    struct lg_arena arena;
    struct lg_profile profile;
    struct lg_pprof_options options;
    struct lg_sb sb;
    struct lg_cut cut = {.tail = text, .found = true};
    lg_arena_init(&arena, 0);
    make_profile(&arena, &profile);
    lg_pprof_options_init(&options);
    while (cut.found) {
        cut = lg_str_cut_char(cut.tail, '\n');
        try_typed(&profile, &options, cut.head, &arena);
    }
    lg_sb_init(&sb, &arena);
    lg_pprof_options_print(&sb, &profile, &options);
    assert(sb.len > 0);
    lg_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_str text = {(const char *)data, len};
    try_line(text);
    try_shell(text);
    return 0;
}
