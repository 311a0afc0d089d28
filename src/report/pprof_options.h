/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: pprof's configuration: every variable of its option table with its
 * type, default, choices and help, set by name from the command line and from
 * the shell alike.  Source: google/pprof internal/driver/config.go and
 * commands.go (Go 1.27.4). Strings are borrowed.
 */
#ifndef LG_REPORT_PPROF_OPTIONS_H
#define LG_REPORT_PPROF_OPTIONS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct lg_pprof_options {
    struct lg_str output; /* file; empty: stdout */
    bool call_tree, relative_percentages;
    struct lg_str unit; /* "minimum" */
    bool compact_labels;
    struct lg_str source_path, trim_path;
    bool intel_syntax, mean;
    struct lg_str sample_index;
    double divide_by; /* 1 */
    bool normalize;
    struct lg_str sort; /* "flat" */
    struct lg_str tagroot, tagleaf;
    bool drop_negative;
    int64_t nodecount;                 /* -1 */
    double nodefraction, edgefraction; /* .005, .001 */
    bool trim;                         /* true */
    struct lg_str focus, ignore, prune_from, hide, show, show_from;
    struct lg_str tagfocus, tagignore, tagshow, taghide;
    bool noinlines, showcolumns;
    struct lg_str granularity; /* ""; "owner" is ours */
};

enum lg_pprof_field_kind {
    LG_PPROF_BOOL,
    LG_PPROF_INT,
    LG_PPROF_FLOAT,
    LG_PPROF_STRING,
};

struct lg_pprof_choice { /* a value of a group; a boolean flag by its name */
    const char *name, *help;
};

struct lg_pprof_field { /* a row of the table */
    const char *name;
    enum lg_pprof_field_kind kind;
    size_t offset;                         /* in struct lg_pprof_options */
    const struct lg_pprof_choice *choices; /* ends with a NULL name; NULL: free
                                              text */
    const char *help; /* as pprof's `help VARIABLE` prints it, but for the last
                         line feed; its usage prints the first line. NULL: a
                         group, whose choices have it */
};
/* In the order of pprof's config struct; ends with a NULL name. */
extern const struct lg_pprof_field lg_pprof_fields[];

void lg_pprof_options_init(struct lg_pprof_options *o); /* defaults */
/* The row of that name, or whose choices have that name. NULL: none. */
const struct lg_pprof_field *lg_pprof_field_find(struct lg_str name);
/* Help of a variable or of a choice; NULL: there is no such name ("sort" and
 * "granularity" have none of their own). */
const char *lg_pprof_field_help(struct lg_str name);
/* A flag without a value on the command line, and a variable that needs none
 * in the shell: booleans, and the names of choices. */
bool lg_pprof_field_is_bool(struct lg_str name);

/* config.set / get: USAGE with pprof's words. value is borrowed. */
bool lg_pprof_options_set(struct lg_pprof_options *o,
                          const struct lg_pprof_field *field,
                          struct lg_str value, struct lg_error *err);
struct lg_str lg_pprof_options_get(const struct lg_pprof_options *o,
                                   const struct lg_pprof_field *field,
                                   struct lg_arena *arena);
/* config.go configure(): what the shell does for `name=value`. A name of a
 * choice chooses when the value is one of strconv.ParseBool's true ones. */
bool lg_pprof_options_configure(struct lg_pprof_options *o, struct lg_str name,
                                struct lg_str value, struct lg_error *err);

#endif
