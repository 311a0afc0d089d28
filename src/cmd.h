/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the front door. Every command is a row of a table (cmd.c) and a
 * file cmd_<name>.c: a table of options, a function that calls the rooms and
 * prints. Help texts are made from the tables. Data goes to stdout,
 * diagnostics to stderr as one sentence "lastgasp: …".
 */
#ifndef LG_CMD_H
#define LG_CMD_H

#include "base/error.h"
#include "base/str.h"

#include <stdio.h>

enum lg_exit {
    LG_EXIT_OK = 0,
    LG_EXIT_FAILED = 1,
    LG_EXIT_USAGE = 2,
    LG_EXIT_NOTHING = 3,
    LG_EXIT_INCONCLUSIVE = 4,
    LG_EXIT_CORRUPT = 5,
    LG_EXIT_DENIED = 6,
    LG_EXIT_UNREACHABLE = 7,
    LG_EXIT_GATE = 10,
};

struct lg_option {
    const char *name;     /* long, without dashes */
    char letter;          /* 0: none */
    const char *argument; /* "SIZE"; NULL: a flag */
    const char *help;     /* one line */
};

struct lg_command {
    const char *name;
    const char *summary;             /* one line, in `lastgasp help` */
    const char *usage;               /* "[OPTIONS] -- CMD [ARG…]" */
    const struct lg_option *options; /* ends with name NULL; may be NULL */
    const char *details;             /* more help text, or NULL */
    int (*run)(const struct lg_command *self, int argc, char **argv);
    bool command_follows; /* the first operand ends the options, as "--" does:
                             what follows is another program's command line */
};

/* argv[0] is the command's name. --help prints and ends with exit code 0.
 * Options and operands may mix until "--". */
struct lg_args {
    const struct lg_command *command;
    int argc;
    char **argv;
    int at;
    const char *value;     /* of the option that lg_args_next returned */
    const char **operands; /* borrowed from argv; filled at the end */
    int operand_count;
    int rest; /* index of the first argument behind "--" (or of the first
                 operand, see command_follows), or argc */
};
enum { LG_ARGS_END = -1, LG_ARGS_BAD = -2, LG_ARGS_HELP = -3 };
/* operands must have room for argc pointers. */
void lg_args_init(struct lg_args *a, const struct lg_command *command, int argc,
                  char **argv, const char **operands);
/* Index into command->options, LG_ARGS_END, LG_ARGS_BAD (said on stderr:
 * return LG_EXIT_USAGE) or LG_ARGS_HELP (printed: return LG_EXIT_OK). */
int lg_args_next(struct lg_args *a);
/* After LG_ARGS_END: what stands behind "--" are operands like the others. */
void lg_args_take_rest(struct lg_args *a);

/* Runs body with args initialised and an arena, both gone afterwards. */
typedef int lg_cmd_body(struct lg_args *args, struct lg_arena *arena);
int lg_cmd_with_args(const struct lg_command *self, int argc, char **argv,
                     lg_cmd_body *body);

/* The whole program: main() is this. */
int lg_cmd_main(int argc, char **argv);
/* Ends with a row whose pointer is NULL; in the order of `lastgasp help`. */
extern const struct lg_command *const lg_commands[];
/* NULL when there is none of this name. */
const struct lg_command *lg_cmd_find(const char *name);
void lg_cmd_help(FILE *out);
void lg_cmd_help_of(const struct lg_command *command, FILE *out);
/* "lastgasp 0.1.0" and the build id of this binary when it carries one. */
void lg_cmd_version(FILE *out);
/* The candidate that was probably meant by text, or NULL: at most a third of
 * its letters differ. */
const char *lg_cmd_nearest(const char *text,
                           const char *(*candidate)(const void *context,
                                                    size_t i),
                           const void *context);

/* Prints "lastgasp: <text>" to stderr; the exit code that fits the kind. */
int lg_cmd_fail(const struct lg_error *err);
/* "lastgasp: …" on stderr. */
void lg_cmd_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Colour is wanted on this stream: a terminal, no NO_COLOR, TERM not dumb. */
bool lg_cmd_color(int fd);
/* Columns of the terminal behind fd; 0: not a terminal. */
int lg_cmd_columns(int fd);
/* "2026-11-02", "2026-11-02 14:03[:09[.5]]" (local time; with a final "Z" or
 * " UTC" not), "14:03" (today), "today", "yesterday", "now", "-1h", "1h ago",
 * "+5m", "@unix". LG_USAGE for anything else. */
bool lg_cmd_time(const char *text, int64_t now_ns, int64_t *wall_ns_ret,
                 struct lg_error *err);

extern const struct lg_command lg_cmd_run, lg_cmd_attach, lg_cmd_oom, lg_cmd_ps,
    lg_cmd_list, lg_cmd_show, lg_cmd_explain, lg_cmd_export, lg_cmd_import,
    lg_cmd_rm, lg_cmd_goroutines, lg_cmd_heap, lg_cmd_memstats, lg_cmd_snapshot,
    lg_cmd_pprof;

#endif
