/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the shell, understood. */
#include "base/vec.h"
#include "cmd_pprof_shell.h"
#include "report/pprof_number.h"

#include <stdlib.h>

static const char comment_start[] = "//:";

static struct lg_str joined(const char *a, struct lg_str b,
                            struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    lg_sb_cstr(&sb, a);
    lg_sb_str(&sb, b);
    return lg_sb_view(&sb);
}

/* "delay" → sample_index=delay; "total_delay", "mean_delay" set mean, too. */
static size_t expand_type(struct lg_str type, struct lg_str line,
                          struct lg_arena *arena, struct lg_str *expanded_ret)
{
    struct lg_str rest, index = joined("sample_index=", type, arena);
    if (lg_str_eq(line, type)) {
        expanded_ret[0] = index;
        return 1;
    }
    bool is_total = lg_str_after(line, LG_STR("total_"), &rest);
    if (!is_total && !lg_str_after(line, LG_STR("mean_"), &rest))
        return 0;
    if (!lg_str_eq(rest, type))
        return 0;
    expanded_ret[0] = is_total ? LG_STR("mean=0") : LG_STR("mean=1");
    expanded_ret[1] = index;
    return 2;
}

size_t lg_pprof_expand(const struct lg_profile *p, struct lg_str line,
                       struct lg_arena *arena,
                       struct lg_str expanded_ret[LG_PPROF_EXPANDED])
{
    line = lg_str_trim(line);
    for (size_t i = p->types.count; i-- > 0;) { /* the last one wins */
        size_t count =
            expand_type(p->types.items[i].type, line, arena, expanded_ret);
        if (count > 0)
            return count;
    }
    expanded_ret[0] = line;
    if (!lg_str_eq(line, LG_STR(":")))
        return 1;
    expanded_ret[0] = LG_STR("focus=");
    expanded_ret[1] = LG_STR("ignore=");
    expanded_ret[2] = LG_STR("hide=");
    expanded_ret[3] = LG_STR("tagfocus=");
    expanded_ret[4] = LG_STR("tagignore=");
    return 5;
}

bool lg_pprof_assignment_parse(struct lg_str line,
                               struct lg_pprof_assignment *ret)
{
    struct lg_cut cut = lg_str_cut_char(line, '=');
    struct lg_cut comment = lg_str_rcut(cut.tail, lg_str_of(comment_start));
    *ret = (struct lg_pprof_assignment){
        .name = lg_str_trim(cut.head),
        .value = lg_str_trim(comment.found ? comment.head : cut.tail),
        .has_value = cut.found,
    };
    return lg_pprof_field_find(ret->name) != NULL;
}

struct words {
    LG_VEC(struct lg_str) items;
};

static bool split(struct lg_str line, struct lg_arena *arena, struct words *ret)
{
    struct lg_str word;
    *ret = (struct words){0};
    while (lg_str_word(&line, &word)) {
        struct lg_str *slot = lg_push(arena, &ret->items);
        if (slot == NULL)
            return false;
        *slot = word;
    }
    return true;
}

/* "top10" → "top", "10". */
static size_t tail_digits(struct lg_str name)
{
    size_t at = name.len;
    while (at > 0 && name.data[at - 1] >= '0' && name.data[at - 1] <= '9')
        at--;
    return at;
}

static bool unknown_command(struct lg_str name, const struct words *words,
                            struct lg_error *err)
{
    char quoted[LG_ERROR_TEXT_BYTES / 2];
    if (lg_pprof_field_help(name) != NULL)
        return lg_fail(err, LG_USAGE, "did you mean: %.*s=%.*s",
                       LG_STR_ARG(name),
                       LG_STR_ARG(words->items.count > 1 ? words->items.items[1]
                                                         : LG_STR("<val>")));
    lg_go_quote(name, quoted, sizeof quoted);
    return lg_fail(err, LG_USAGE, "unrecognized command: %s", quoted);
}

/* What the words behind a command say, for that command only. */
struct arguments {
    struct lg_sb focus, ignore;
    struct lg_pprof_options *options;
};

static void cat_regex(struct lg_sb *sb, struct lg_str pattern)
{
    if (sb->len > 0 && pattern.len > 0)
        lg_sb_char(sb, '|');
    lg_sb_str(sb, pattern);
}

static void take_word(struct arguments *a, struct lg_str word)
{
    int64_t n;
    if (lg_go_parse_int(word, 10, 32, &n) == LG_GO_OK)
        a->options->nodecount = n;
    else if (lg_str_eq(word, LG_STR("--cum")) ||
             lg_str_eq(word, LG_STR("-cum")))
        a->options->sort = LG_STR("cum");
    else if (word.data[0] == '-')
        cat_regex(&a->ignore, lg_str_skip(word, 1));
    else
        cat_regex(&a->focus, word);
}

static bool take_words(struct arguments *a, const struct lg_str *words,
                       size_t count, struct lg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i].data[0] != '>') {
            take_word(a, words[i]);
            continue;
        }
        struct lg_str file = lg_str_skip(words[i], 1);
        if (file.len == 0 && ++i >= count)
            return lg_fail(err, LG_USAGE, "unexpected end of line after >");
        a->options->output = file.len > 0 ? file : words[i];
    }
    return true;
}

static void apply(const struct arguments *a, const char *name)
{
    struct lg_pprof_options *o = a->options;
    bool is_tags = strcmp(name, "tags") == 0;
    struct lg_str *focus = is_tags ? &o->tagfocus : &o->focus;
    struct lg_str *ignore = is_tags ? &o->tagignore : &o->ignore;
    if (a->focus.len > 0)
        *focus = lg_sb_view(&a->focus);
    if (a->ignore.len > 0)
        *ignore = lg_sb_view(&a->ignore);
    if (o->nodecount == -1 &&
        (strcmp(name, "text") == 0 || strcmp(name, "top") == 0))
        o->nodecount = 10;
}

bool lg_pprof_command_parse(struct lg_str line,
                            const struct lg_pprof_options *current,
                            struct lg_arena *arena,
                            struct lg_pprof_job *job_ret,
                            struct lg_pprof_options *options_ret,
                            struct lg_error *err)
{
    struct words words;
    size_t at = 1;
    *job_ret = (struct lg_pprof_job){0};
    *options_ret = *current;
    struct arguments a = {.options = options_ret};
    lg_sb_init(&a.focus, arena);
    lg_sb_init(&a.ignore, arena);
    if (!split(line, arena, &words) || words.items.count == 0)
        return lg_fail_nomem(err);
    struct lg_str name = words.items.items[0];
    const struct lg_pprof_command *c = lg_pprof_command_find(name);
    size_t letters = tail_digits(name);
    if (c == NULL && letters > 0 && letters < name.len) {
        words.items.items[0] = lg_str_skip(name, letters);
        name = lg_str_first(name, letters);
        c = lg_pprof_command_find(name);
        at = 0; /* the digits are the first argument */
    }
    if (c == NULL)
        return unknown_command(name, &words, err);
    *job_ret = (struct lg_pprof_job){.command = c, .has_param = c->has_param};
    if (c->has_param && at >= words.items.count)
        return lg_fail(err, LG_USAGE, "command %s requires an argument",
                       c->name);
    if (c->has_param)
        job_ret->param = words.items.items[at++];
    if (!take_words(&a, words.items.items + at, words.items.count - at, err))
        return false;
    apply(&a, c->name);
    return (!a.focus.failed && !a.ignore.failed) || lg_fail_nomem(err);
}

/* Variables as lines, sorted. */
struct lines {
    LG_VEC(struct lg_str) items;
};

static int by_text(const void *a, const void *b)
{
    const struct lg_str *left = a, *right = b;
    return lg_str_cmp(*left, *right);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "[cum | flat]" */
static void choices(struct lg_sb *sb, const struct lg_pprof_field *f)
{
    const char *names[16];
    size_t count = 0;
    for (const struct lg_pprof_choice *c = f->choices;
         c->name != NULL && count < LG_COUNT(names); c++)
        names[count++] = c->name;
    qsort(names, count, sizeof(const char *), by_name);
    lg_sb_cstr(sb, "//: [");
    for (size_t i = 0; i < count; i++)
        lg_sb_fmt(sb, "%s%s", i > 0 ? " | " : "", names[i]);
    lg_sb_char(sb, ']');
}

static void sample_types(struct lg_sb *sb, const struct lg_profile *p)
{
    lg_sb_cstr(sb, "//: [");
    for (size_t i = 0; i < p->types.count; i++) {
        lg_sb_cstr(sb, i > 0 ? " | " : "");
        lg_sb_str(sb, p->types.items[i].type);
    }
    lg_sb_char(sb, ']');
}

static struct lg_str option_line(const struct lg_pprof_field *f,
                                 const struct lg_profile *p,
                                 const struct lg_pprof_options *o,
                                 struct lg_arena *arena)
{
    struct lg_sb comment, sb;
    struct lg_str value = lg_pprof_options_get(o, f, arena);
    lg_sb_init(&comment, arena);
    lg_sb_init(&sb, arena);
    if (f->choices != NULL) {
        choices(&comment, f);
    } else if (strcmp(f->name, "sample_index") == 0) {
        if (value.len == 0 && p->types.count > 0)
            value = p->types.items[p->types.count - 1].type;
        sample_types(&comment, p);
    } else if (strcmp(f->name, "nodecount") == 0 && o->nodecount == -1) {
        lg_sb_cstr(&comment, "//: default");
    } else if (value.len == 0) {
        value = LG_STR("\"\"");
    }
    if (strcmp(f->name, "granularity") == 0 && value.len == 0)
        value = LG_STR("(default)");
    lg_sb_fmt(&sb, "  %-25s = %-20.*s ", f->name, LG_STR_ARG(value));
    lg_sb_str(&sb, lg_sb_view(&comment));
    return lg_sb_view(&sb);
}

void lg_pprof_options_print(struct lg_sb *sb, const struct lg_profile *p,
                            const struct lg_pprof_options *o)
{
    struct lines lines = {0};
    for (const struct lg_pprof_field *f = lg_pprof_fields; f->name != NULL;
         f++) {
        if (strcmp(f->name, "source_path") == 0)
            continue;
        struct lg_str *line = lg_push(sb->arena, &lines.items);
        if (line != NULL)
            *line = option_line(f, p, o, sb->arena);
    }
    if (lines.items.items != NULL)
        qsort(lines.items.items, lines.items.count, sizeof(struct lg_str),
              by_text);
    lg_each(line, lines.items) {
        lg_sb_str(sb, *line);
        lg_sb_char(sb, '\n');
    }
}
