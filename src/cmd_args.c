/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

#include <string.h>

/* Words longer than this are nobody's typing error. */
#define NEAREST_MAX 32

void lg_args_init(struct lg_args *a, const struct lg_command *command, int argc,
                  char **argv, const char **operands)
{
    *a = (struct lg_args){
        .command = command,
        .argc = argc,
        .argv = argv,
        .at = 1,
        .operands = operands,
        .rest = argc,
    };
}

static const char *option_name(const void *context, size_t i)
{
    const struct lg_option *options = context;
    return options != NULL ? options[i].name : NULL;
}

static int bad_option(const struct lg_args *a, const char *shown,
                      struct lg_str name)
{
    char word[NEAREST_MAX] = "";
    const char *nearest = NULL;
    if (name.len > 1 && name.len < sizeof word) {
        memcpy(word, name.data, name.len);
        nearest = lg_cmd_nearest(word, option_name, a->command->options);
    }
    if (nearest != NULL)
        lg_cmd_say("%s has no option %s; did you mean --%s?", a->command->name,
                   shown, nearest);
    else
        lg_cmd_say("%s has no option %s; see lastgasp help %s",
                   a->command->name, shown, a->command->name);
    return LG_ARGS_BAD;
}

/* attached: what stood behind "="; NULL: nothing did. */
static int take_value(struct lg_args *a, int index, const char *shown,
                      const char *attached)
{
    const struct lg_option *o = &a->command->options[index];
    a->value = NULL;
    if (o->argument == NULL) {
        if (attached == NULL)
            return index;
        lg_cmd_say("%s: --%s takes no value", a->command->name, o->name);
        return LG_ARGS_BAD;
    }
    if (attached != NULL) {
        a->value = attached;
        return index;
    }
    if (a->at >= a->argc) {
        lg_cmd_say("%s: %s needs a value: %s", a->command->name, shown,
                   o->argument);
        return LG_ARGS_BAD;
    }
    a->value = a->argv[a->at++];
    return index;
}

static int give_help(const struct lg_args *a)
{
    lg_cmd_help_of(a->command, stdout);
    return LG_ARGS_HELP;
}

static int long_option(struct lg_args *a, const char *arg)
{
    const struct lg_option *options = a->command->options;
    struct lg_cut cut = lg_str_cut_char(lg_str_of(arg + 2), '=');
    for (int i = 0; options != NULL && options[i].name != NULL; i++) {
        if (lg_str_eq(cut.head, lg_str_of(options[i].name)))
            return take_value(a, i, arg, cut.found ? cut.tail.data : NULL);
    }
    if (lg_str_eq(cut.head, LG_STR("help")))
        return give_help(a);
    return bad_option(a, arg, cut.head);
}

static int short_option(struct lg_args *a, const char *arg)
{
    const struct lg_option *options = a->command->options;
    for (int i = 0; options != NULL && options[i].name != NULL; i++) {
        if (options[i].letter == arg[1] && arg[2] == '\0')
            return take_value(a, i, arg, NULL);
    }
    if (strcmp(arg, "-h") == 0)
        return give_help(a);
    return bad_option(a, arg, lg_str_of(arg + 1));
}

int lg_args_next(struct lg_args *a)
{
    while (a->at < a->argc) {
        const char *arg = a->argv[a->at++];
        if (strcmp(arg, "--") == 0) {
            a->rest = a->at;
            a->at = a->argc;
        } else if (arg[0] == '-' && arg[1] == '-') {
            return long_option(a, arg);
        } else if (arg[0] == '-' && arg[1] != '\0') {
            return short_option(a, arg);
        } else if (a->command->command_follows) {
            a->rest = a->at - 1;
            a->at = a->argc;
        } else {
            a->operands[a->operand_count++] = arg;
        }
    }
    return LG_ARGS_END;
}

void lg_args_take_rest(struct lg_args *a)
{
    for (; a->rest < a->argc; a->rest++)
        a->operands[a->operand_count++] = a->argv[a->rest];
}

int lg_cmd_with_args(const struct lg_command *self, int argc, char **argv,
                     lg_cmd_body *body)
{
    struct lg_args args;
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    const char **operands = lg_new(&arena, const char *, (size_t)argc);
    int status = LG_EXIT_FAILED;
    if (operands != NULL) {
        lg_args_init(&args, self, argc, argv, operands);
        status = body(&args, &arena);
    } else {
        lg_cmd_say("out of memory");
    }
    lg_arena_deinit(&arena);
    return status;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that lead from
 * a to b; both shorter than NEAREST_MAX. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t d[NEAREST_MAX + 1][NEAREST_MAX + 1];
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t k = 0; k <= b_len; k++) {
            if (i == 0 || k == 0) {
                d[i][k] = i + k;
                continue;
            }
            size_t change = a[i - 1] == b[k - 1] ? 0 : 1;
            d[i][k] = least(least(d[i - 1][k] + 1, d[i][k - 1] + 1),
                            d[i - 1][k - 1] + change);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                d[i][k] = least(d[i][k], d[i - 2][k - 2] + 1);
        }
    }
    return d[a_len][b_len];
}

const char *lg_cmd_nearest(const char *text,
                           const char *(*candidate)(const void *context,
                                                    size_t i),
                           const void *context)
{
    size_t text_len = strlen(text), best = SIZE_MAX;
    const char *found = NULL, *name;
    for (size_t i = 0; (name = candidate(context, i)) != NULL; i++) {
        size_t len = strlen(name);
        if (text_len >= NEAREST_MAX || len >= NEAREST_MAX)
            continue;
        size_t steps = distance(text, text_len, name, len);
        if (steps < best && steps * 3 <= (len < 3 ? 3 : len)) {
            best = steps;
            found = name;
        }
    }
    return found;
}
