/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_pprof_shell.h"

/* One match is a completion, two are none. */
struct match {
    struct lg_str text;
    size_t count;
};

static void offer(struct match *m, const char *name, struct lg_str token)
{
    if (!lg_str_starts(lg_str_of(name), token))
        return;
    m->text = lg_str_of(name);
    m->count++;
}

static struct lg_str lower(struct lg_str s, struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        lg_sb_char(&sb, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
    return lg_sb_view(&sb);
}

/* A command, a variable or a choice; the token itself when it is not clear. */
static struct lg_str complete_name(struct lg_str given, struct lg_arena *arena)
{
    struct match m = {{NULL, 0}, 0};
    struct lg_str token = lower(given, arena);
    for (const struct lg_pprof_command *c = lg_pprof_commands; c->name != NULL;
         c++)
        offer(&m, c->name, token);
    for (const struct lg_pprof_field *f = lg_pprof_fields; f->name != NULL;
         f++) {
        offer(&m, f->name, token);
        for (const struct lg_pprof_choice *c = f->choices;
             c != NULL && c->name != NULL; c++)
            offer(&m, c->name, token);
    }
    return m.count == 1 ? m.text : given;
}

static struct lg_str complete_function(const struct lg_profile *p,
                                       struct lg_str token)
{
    struct lg_str found = {NULL, 0};
    lg_each(f, p->functions) {
        if (!lg_str_contains(f->name, token))
            continue;
        if (found.len > 0)
            return token;
        found = f->name;
    }
    return found.len > 0 ? found : token;
}

static struct lg_str complete_last(const struct lg_profile *p,
                                   struct lg_str token, struct lg_sb *sb)
{
    struct lg_str rest;
    if (lg_str_after(token, LG_STR("-"), &rest)) {
        lg_sb_char(sb, '-');
        token = rest;
    }
    return complete_function(p, token);
}

struct lg_str lg_pprof_complete(const struct lg_profile *p, struct lg_str line,
                                struct lg_arena *arena)
{
    struct lg_str rest = line, word, first = {NULL, 0}, last = {NULL, 0};
    struct lg_sb sb;
    size_t count = 0;
    lg_sb_init(&sb, arena);
    while (lg_str_word(&rest, &word)) {
        if (count++ == 0)
            first = word;
        else if (count > 2) {
            lg_sb_char(&sb, ' ');
            lg_sb_str(&sb, last);
        }
        last = word;
    }
    if (count == 0)
        return line;
    if (count == 1)
        return complete_name(first, arena);
    struct lg_str between = lg_sb_view(&sb);
    const struct lg_pprof_command *c = lg_pprof_command_find(first);
    bool is_help = count == 2 && lg_str_eq(first, LG_STR("help"));
    if (!is_help && (c == NULL || strcmp(c->name, "tags") == 0))
        return line;
    struct lg_sb out;
    lg_sb_init(&out, arena);
    lg_sb_str(&out, first);
    lg_sb_str(&out, between);
    lg_sb_char(&out, ' ');
    lg_sb_str(&out, is_help ? complete_name(last, arena)
                            : complete_last(p, last, &out));
    return lg_sb_view(&out);
}
