/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: `lastgasp pprof`, the command line and the shell of cmd/pprof (Go
 * 1.27.4) over our own engine: standard output and exit status are its, byte
 * for byte; what goes to stderr says the same in our words.
 *
 *   cmd_pprof.c           entry: parse, fetch, one report or the shell
 *   cmd_pprof_args.c      the command line, as Go's package flag reads it
 *   cmd_pprof_commands.c  the table of commands
 *   cmd_pprof_report.c    one command on a fetched profile
 *   cmd_pprof_output.c    where a report goes: stdout, a file, a viewer
 *   cmd_pprof_shell*.c    the shell, its completion and its line editor
 *   cmd_pprof_source.c    sources that pprof does not know: incidents, PIDs
 *   cmd_pprof_usage.c     help texts
 *
 * Source: google/pprof internal/driver, as vendored by Go 1.27.4.
 */
#ifndef LG_CMD_PPROF_H
#define LG_CMD_PPROF_H

#include "base/sb.h"
#include "report/pprof_options.h"
#include "report/pprof_report.h"

/* Where the bytes of a report go when -output does not say it. */
enum lg_pprof_viewer {
    LG_PPROF_TO_STDOUT,
    LG_PPROF_TO_FILE,    /* stdout, but a file of its own in front of a terminal
                            and in the shell */
    LG_PPROF_TO_BROWSER, /* a temporary file, opened by a program */
    LG_PPROF_TO_EOG,
    LG_PPROF_TO_EVINCE,
    LG_PPROF_TO_GV,
    LG_PPROF_TO_KCACHEGRIND,
};
enum lg_pprof_usage { /* shape of the `help` text */
                      LG_PPROF_USAGE_NONE,
                      LG_PPROF_USAGE_REPORT, /* gif [n] [focus_regex]* … >f */
                      LG_PPROF_USAGE_REPORT_CUM,     /* … [-cum] >f */
                      LG_PPROF_USAGE_REPORT_NO_FILE, /* without >f */
                      LG_PPROF_USAGE_LIST, /* list<func_regex|address> … */
                      LG_PPROF_USAGE_LIST_FILE, /* … >f */
                      LG_PPROF_USAGE_OWN,       /* usage_text */
};

struct lg_pprof_command {
    const char *name, *description;
    enum lg_pprof_format format;
    lg_pprof_report_fn *report; /* NULL: see generate() in cmd_pprof_report.c */
    const char *dot_format;     /* what `dot -T` makes of it; NULL: nothing */
    const char *suffix;         /* of the files that viewers get */
    enum lg_pprof_viewer viewer;
    bool has_param; /* takes a regular expression */
    /* Whether this may stand behind "=" though it is a flag: "svg". */
    bool (*takes_word)(struct lg_str word);
    bool is_beyond; /* pprof does not have it: usage lists it apart */
    enum lg_pprof_usage usage;
    const char *usage_text;
};
/* Sorted by name; ends with a NULL name. */
extern const struct lg_pprof_command lg_pprof_commands[];
const struct lg_pprof_command *lg_pprof_command_find(struct lg_str name);

/* A command with its argument; command NULL: the shell is wanted. */
struct lg_pprof_job {
    const struct lg_pprof_command *command;
    struct lg_str param;
    bool has_param;
};

/* The command with what its word and the file's name say of the form. */
const struct lg_pprof_command *
lg_pprof_command_of(const struct lg_pprof_job *job, struct lg_str output);

struct lg_pprof_line {    /* a command line of `lastgasp pprof` */
    char *const *sources; /* borrowed from argv */
    int source_count;
    const char *executable; /* NULL: none */
    const char *base;       /* the last -base or -diff_base; NULL: none */
    bool is_diff;
    int64_t seconds, timeout;                   /* -1: not given */
    const char *symbolize, *build_id, *comment; /* "" when not given */
    const char *tls_cert, *tls_key, *tls_ca;
    bool all_frames;
    struct lg_pprof_job job;
    struct lg_pprof_options options;
};
enum lg_pprof_parsed { LG_PPROF_GO, LG_PPROF_HELP, LG_PPROF_BAD };
/* argv[0] is "pprof". Everything is borrowed from argv or lives in the arena.
 * HELP: printed, status 0. BAD: said on stderr, status 2. */
enum lg_pprof_parsed lg_pprof_line_parse(int argc, char **argv,
                                         struct lg_arena *arena,
                                         struct lg_pprof_line *ret);

/* Fetches, merges and symbolises what the line names (cmd_pprof_source.c). */
bool lg_pprof_line_fetch(const struct lg_pprof_line *line,
                         struct lg_arena *arena, struct lg_profile *ret,
                         struct lg_error *err);

/* driver.go generateReport: one command on a profile, which stays as it is.
 * What the report allocates lives in arena. */
bool lg_pprof_run_job(const struct lg_profile *p,
                      const struct lg_pprof_job *job,
                      const struct lg_pprof_options *options, bool in_shell,
                      struct lg_arena *arena, struct lg_error *err);
/* driver.go reportOptions with report.New: all but the command's own. units
 * must outlive ret. */
bool lg_pprof_report_init(const struct lg_profile *p,
                          const struct lg_pprof_options *options,
                          const struct lg_label_units *units,
                          struct lg_arena *arena, struct lg_pprof_report *ret,
                          struct lg_error *err);
/* Units of numeric labels; those that were passed over are said on stderr. */
bool lg_pprof_units(const struct lg_profile *p, struct lg_arena *arena,
                    struct lg_label_units *ret);
/* Bytes of a finished report on their way. */
bool lg_pprof_deliver(const struct lg_pprof_command *command,
                      struct lg_str bytes, struct lg_str output, bool in_shell,
                      struct lg_arena *arena, struct lg_error *err);

/* The shell; returns the exit status. */
int lg_pprof_shell(const struct lg_profile *p,
                   const struct lg_pprof_line *line);

/* What `-h` prints (flags) or `help` (words of the shell). */
void lg_pprof_usage(struct lg_sb *sb, bool flags);
/* `help WORD`; false: there is none. types: of the sample_index line. */
bool lg_pprof_help(struct lg_sb *sb, struct lg_str word,
                   const struct lg_profile *p);
/* A line to stderr as it is, with a line end. */
void lg_pprof_print(struct lg_str text);

#endif
