/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_options.h"

#include "base/vec.h"
#include "report/pprof_number.h"

#include <stddef.h>
#include <stdio.h>

static const struct lg_pprof_choice sorts[] = {
    {"cum", "Sort entries based on cumulative weight\n"},
    {"flat", "Sort entries based on own weight\n"},
    {NULL, NULL},
};

static const struct lg_pprof_choice granularities[] = {
    {"functions", "Aggregate at the function level.\n"
                  "Ignores the filename where the function was defined.\n"},
    {"filefunctions",
     "Aggregate at the function level.\n"
     "Takes into account the filename where the function was defined.\n"},
    {"files", "Aggregate at the file level."},
    {"lines", "Aggregate at the source code line level."},
    {"addresses", "Aggregate at the address level.\n"
                  "Includes functions' addresses in the output.\n"},
    {"owner", "Charge samples to your own code.\n"
              "Each stack is cut to the innermost frame of the main module.\n"},
    {NULL, NULL},
};

#define TAG_HELP                                                               \
    "Use name=value syntax to limit the matching to a specific tag.\n"         \
    "Numeric tag filter examples: 1kb, 1kb:10kb, memory=32mb:\n"               \
    "String tag filter examples: foo, foo.*bar, mytag=foo.*bar\n"
#define MATCH_HELP                                                             \
    "Matching includes the function name, filename or object name.\n"
#define KEYS_HELP "A comma-separated list of label keys.\n"

#define FIELD(field, type, text)                                               \
    {                                                                          \
        .name = #field, .kind = LG_PPROF_##type,                               \
        .offset = offsetof(struct lg_pprof_options, field), .help = (text)     \
    }
#define GROUP(field, list)                                                     \
    {                                                                          \
        .name = #field, .kind = LG_PPROF_STRING,                               \
        .offset = offsetof(struct lg_pprof_options, field), .choices = (list)  \
    }

const struct lg_pprof_field lg_pprof_fields[] = {
    FIELD(output, STRING, "Output filename for file-based outputs\n"),
    FIELD(call_tree, BOOL,
          "Create a context-sensitive call tree\n"
          "Treat locations reached through different paths as separate.\n"),
    FIELD(relative_percentages, BOOL,
          "Show percentages relative to focused subgraph\n"
          "If unset, percentages are relative to full graph before focusing\n"
          "to facilitate comparison with original graph.\n"),
    FIELD(unit, STRING,
          "Measurement units to display\n"
          "Scale the sample values to this unit.\n"
          "For time-based profiles, use seconds, milliseconds, nanoseconds, "
          "etc.\n"
          "For memory profiles, use megabytes, kilobytes, bytes, etc.\n"
          "Using auto will scale each value independently to the most natural "
          "unit.\n"),
    FIELD(compact_labels, BOOL, "Show minimal headers"),
    FIELD(source_path, STRING, "Search path for source files"),
    FIELD(trim_path, STRING, "Path to trim from source paths before search"),
    FIELD(intel_syntax, BOOL,
          "Show assembly in Intel syntax\n"
          "Only applicable to commands `disasm` and `weblist`\n"),
    FIELD(mean, BOOL,
          "Average sample value over first value (count)\n"
          "For memory profiles, report average memory per allocation.\n"
          "For time-based profiles, report average time per event.\n"),
    FIELD(sample_index, STRING,
          "Sample value to report (0-based index or name)\n"
          "Profiles contain multiple values per sample.\n"
          "Use sample_index=i to select the ith value (starting at 0).\n"),
    FIELD(divide_by, FLOAT,
          "Ratio to divide all samples before visualization\n"
          "Divide all samples values by a constant, eg the number of "
          "processors or jobs.\n"),
    FIELD(normalize, BOOL, "Scales profile based on the base profile.\n"),
    GROUP(sort, sorts),
    FIELD(tagroot, STRING,
          "Adds pseudo stack frames for labels key/value pairs at the "
          "callstack root.\n" KEYS_HELP
          "The first key creates frames at the new root.\n"),
    FIELD(tagleaf, STRING,
          "Adds pseudo stack frames for labels key/value pairs at the "
          "callstack leaf.\n" KEYS_HELP
          "The last key creates frames at the new leaf.\n"),
    FIELD(drop_negative, BOOL,
          "Ignore negative differences\n"
          "Do not show any locations with values <0.\n"),
    FIELD(nodecount, INT,
          "Max number of nodes to show\n"
          "Uses heuristics to limit the number of locations to be displayed.\n"
          "On graphs, dotted edges represent paths through nodes that have "
          "been removed.\n"),
    FIELD(nodefraction, FLOAT, "Hide nodes below <f>*total"),
    FIELD(edgefraction, FLOAT, "Hide edges below <f>*total"),
    FIELD(trim, BOOL,
          "Honor nodefraction/edgefraction/nodecount defaults\n"
          "Set to false to get the full profile, without any trimming.\n"),
    FIELD(focus, STRING,
          "Restricts to samples going through a node matching regexp\n"
          "Discard samples that do not include a node matching this "
          "regexp.\n" MATCH_HELP),
    FIELD(ignore, STRING,
          "Skips paths going through any nodes matching regexp\n"
          "If set, discard samples that include a node matching this "
          "regexp.\n" MATCH_HELP),
    FIELD(prune_from, STRING,
          "Drops any functions below the matched frame.\n"
          "If set, any frames matching the specified regexp and any frames\n"
          "below it will be dropped from each sample.\n"),
    FIELD(hide, STRING,
          "Skips nodes matching regexp\n"
          "Discard nodes that match this location.\n"
          "Other nodes from samples that include this location will be "
          "shown.\n" MATCH_HELP),
    FIELD(show, STRING,
          "Only show nodes matching regexp\n"
          "If set, only show nodes that match this location.\n" MATCH_HELP),
    FIELD(show_from, STRING,
          "Drops functions above the highest matched frame.\n"
          "If set, all frames above the highest match are dropped from every "
          "sample.\n" MATCH_HELP),
    FIELD(tagfocus, STRING,
          "Restricts to samples with tags in range or matched by "
          "regexp\n" TAG_HELP),
    FIELD(tagignore, STRING,
          "Discard samples with tags in range or matched by "
          "regexp\n" TAG_HELP),
    FIELD(tagshow, STRING,
          "Only consider tags matching this regexp\n"
          "Discard tags that do not match this regexp\n"),
    FIELD(taghide, STRING,
          "Skip tags matching this regexp\n"
          "Discard tags that match this regexp\n"),
    FIELD(noinlines, BOOL,
          "Ignore inlines.\n"
          "Attributes inlined functions to their first out-of-line "
          "caller.\n"),
    FIELD(showcolumns, BOOL,
          "Show column numbers at the source code line level.\n"),
    GROUP(granularity, granularities),
    {.name = NULL},
};

void lg_pprof_options_init(struct lg_pprof_options *o)
{
    *o = (struct lg_pprof_options){
        .unit = LG_STR("minimum"),
        .divide_by = 1,
        .sort = LG_STR("flat"),
        .nodecount = -1,
        .nodefraction = 0.005,
        .edgefraction = 0.001,
        .trim = true,
    };
}

static const struct lg_pprof_choice *
find_choice(const struct lg_pprof_field *field, struct lg_str name)
{
    const struct lg_pprof_choice *c = field->choices;
    for (; c != NULL && c->name != NULL; c++)
        if (lg_str_eq(name, lg_str_of(c->name)))
            return c;
    return NULL;
}

const struct lg_pprof_field *lg_pprof_field_find(struct lg_str name)
{
    for (const struct lg_pprof_field *f = lg_pprof_fields; f->name; f++)
        if (lg_str_eq(name, lg_str_of(f->name)) || find_choice(f, name) != NULL)
            return f;
    return NULL;
}

const char *lg_pprof_field_help(struct lg_str name)
{
    const struct lg_pprof_field *field = lg_pprof_field_find(name);
    if (field == NULL)
        return NULL;
    const struct lg_pprof_choice *choice = find_choice(field, name);
    return choice != NULL ? choice->help : field->help;
}

bool lg_pprof_field_is_bool(struct lg_str name)
{
    const struct lg_pprof_field *field = lg_pprof_field_find(name);
    return field != NULL && (field->kind == LG_PPROF_BOOL ||
                             !lg_str_eq(name, lg_str_of(field->name)));
}

static bool set_string(struct lg_str *place, const struct lg_pprof_field *field,
                       struct lg_str value, struct lg_error *err)
{
    if (field->choices != NULL && find_choice(field, value) == NULL) {
        char quoted[200];
        lg_go_quote(value, quoted, sizeof quoted);
        return lg_fail(err, LG_USAGE, "invalid \"%s\" value %s", field->name,
                       quoted);
    }
    *place = value;
    return true;
}

/* pprof's own words, more than strconv's: an empty value is true. */
static bool set_bool(bool *place, struct lg_str value, struct lg_error *err)
{
    static const char *const words[] = {"true",  "t", "yes", "y", "1", "",
                                        "false", "f", "no",  "n", "0"};
    char lower[8];
    size_t len = value.len < sizeof lower ? value.len : sizeof lower;
    for (size_t i = 0; i < len; i++)
        lower[i] = value.data[i] >= 'A' && value.data[i] <= 'Z'
                       ? (char)(value.data[i] + ('a' - 'A'))
                       : value.data[i];
    for (size_t i = 0; i < LG_COUNT(words); i++) {
        if (lg_str_eq(lg_str_from(lower, len), lg_str_of(words[i]))) {
            *place = i < 6;
            return true;
        }
    }
    return lg_fail(err, LG_USAGE, "illegal value \"%.*s\" for bool variable",
                   LG_STR_ARG(value));
}

/* strconv.NumError. */
static bool number_error(const char *function, struct lg_str value,
                         enum lg_go_number fault, struct lg_error *err)
{
    char quoted[200];
    lg_go_quote(value, quoted, sizeof quoted);
    return lg_fail(err, LG_USAGE, "strconv.%s: parsing %s: %s", function,
                   quoted, lg_go_number_fault(fault));
}

static void *place_of(struct lg_pprof_options *o,
                      const struct lg_pprof_field *field)
{
    return (char *)o + field->offset;
}

bool lg_pprof_options_set(struct lg_pprof_options *o,
                          const struct lg_pprof_field *field,
                          struct lg_str value, struct lg_error *err)
{
    void *place = place_of(o, field);
    enum lg_go_number fault;
    int64_t n;
    double f;
    switch (field->kind) {
    case LG_PPROF_BOOL:
        return set_bool(place, value, err);
    case LG_PPROF_STRING:
        return set_string(place, field, value, err);
    case LG_PPROF_INT:
        fault = lg_go_parse_int(value, 10, 64, &n);
        if (fault != LG_GO_OK)
            return number_error("Atoi", value, fault, err);
        *(int64_t *)place = n;
        return true;
    case LG_PPROF_FLOAT:
        fault = lg_go_parse_float(value, &f);
        if (fault != LG_GO_OK)
            return number_error("ParseFloat", value, fault, err);
        *(double *)place = f;
        return true;
    }
    return false;
}

struct lg_str lg_pprof_options_get(const struct lg_pprof_options *o,
                                   const struct lg_pprof_field *field,
                                   struct lg_arena *arena)
{
    const void *place = (const char *)o + field->offset;
    char text[LG_GO_FLOAT_BYTES];
    switch (field->kind) {
    case LG_PPROF_BOOL:
        return *(const bool *)place ? LG_STR("true") : LG_STR("false");
    case LG_PPROF_INT:
        snprintf(text, sizeof text, "%lld", (long long)*(const int64_t *)place);
        return lg_str_dup(arena, lg_str_of(text));
    case LG_PPROF_FLOAT:
        return lg_str_dup(
            arena,
            lg_str_from(text, lg_go_float_text(*(const double *)place, text)));
    case LG_PPROF_STRING:
        break;
    }
    return *(const struct lg_str *)place;
}

bool lg_pprof_options_configure(struct lg_pprof_options *o, struct lg_str name,
                                struct lg_str value, struct lg_error *err)
{
    const struct lg_pprof_field *field = lg_pprof_field_find(name);
    bool chosen;
    if (field != NULL && lg_str_eq(name, lg_str_of(field->name)))
        return lg_pprof_options_set(o, field, value, err);
    if (field != NULL && lg_go_parse_bool(value, &chosen) && chosen)
        return lg_pprof_options_set(o, field, name, err);
    char quoted[200];
    lg_go_quote(name, quoted, sizeof quoted);
    return lg_fail(err, LG_USAGE, "unknown config field %s", quoted);
}
