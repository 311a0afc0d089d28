/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, from the tables: internal/driver/{cli,commands}.go (Go 1.27.4).
 */
#include "cmd_pprof.h"

#include <stdlib.h>

#define MAX_ROWS 64

static const char header[] =
    "usage:\n"
    "\n"
    "Produce output in the specified format.\n"
    "\n"
    "   pprof <format> [options] [binary] <source> ...\n"
    "\n"
    "Omit the format to get an interactive shell whose commands can be used\n"
    "to generate various views of a profile\n"
    "\n"
    "   pprof [options] [binary] <source> ...\n"
    "\n"
    "Details:\n";

static const char sources[] =
    "\n\n"
    "  Source options:\n"
    "    -seconds              Duration for time-based profile collection\n"
    "    -timeout              Timeout in seconds for profile collection\n"
    "    -buildid              Override build id for main binary\n"
    "    -add_comment          Free-form annotation to add to the profile\n"
    "                          Displayed on some reports or with pprof "
    "-comments\n"
    "    -diff_base source     Source of base profile for comparison\n"
    "    -base source          Source of base profile for profile "
    "subtraction\n"
    "    profile.pb.gz         Profile in compressed protobuf format\n"
    "    legacy_profile        Profile in legacy pprof format\n"
    "    http://host/profile   URL for profile handler to retrieve\n"
    "    -symbolize=           Controls source of symbol information\n"
    "      none                  Do not attempt symbolization\n"
    "      local                 Examine only local binaries\n"
    "      fastlocal             Only get function names from local binaries\n"
    "      remote                Do not examine local binaries\n"
    "      force                 Force re-symbolization\n"
    "    Binary                  Local path or build id of binary for "
    "symbolization\n"
    "    -tls_cert             TLS client certificate file for fetching "
    "profile and symbols\n"
    "    -tls_key              TLS private key file for fetching profile and "
    "symbols\n"
    "    -tls_ca               TLS CA certs file for fetching profile and "
    "symbols\n"
    "\n"
    "  Misc options:\n"
    "   -tools             Search path for object tools\n"
    "   -all_frames        Ignore drop_frames and keep_frames regexps in the "
    "profile\n"
    "                      Rarely needed, mainly used for debugging pprof "
    "itself\n"
    "\n"
    "  Legacy convenience options:\n"
    "   -inuse_space           Same as -sample_index=inuse_space\n"
    "   -inuse_objects         Same as -sample_index=inuse_objects\n"
    "   -alloc_space           Same as -sample_index=alloc_space\n"
    "   -alloc_objects         Same as -sample_index=alloc_objects\n"
    "   -total_delay           Same as -sample_index=delay\n"
    "   -contentions           Same as -sample_index=contentions\n"
    "   -mean_delay            Same as -mean -sample_index=delay\n"
    "\n"
    "  Environment Variables:\n"
    "   PPROF_TMPDIR       Location for saved profiles (default $HOME/pprof)\n"
    "   PPROF_TOOLS        Search path for object-level tools\n"
    "   PPROF_BINARY_PATH  Search path for local binary files\n"
    "                      default: $HOME/pprof/binaries\n"
    "                      searches $buildid/$name, $buildid/*, "
    "$path/$buildid,\n"
    "                      ${buildid:0:2}/${buildid:2}.debug, $name, $path,\n"
    "                      ${name}.debug, $dir/.debug/${name}.debug,\n"
    "                      usr/lib/debug/$dir/${name}.debug\n";

static const char beyond[] =
    "\n"
    "  Beyond go tool pprof:\n"
    "    sources               an incident (last, an id), a process (its id),\n"
    "                          a folder of evidence, collapsed stacks,\n"
    "                          - for standard input, unix:SOCKET[:PATH]\n"
    "    -granularity=owner    Charge each sample to the innermost frame of "
    "the\n"
    "                          program's own module\n";

/* "    -focus           Restricts to …": the first line of the help. */
static void row(struct lg_sb *sb, const char *prefix, const char *name,
                const char *help)
{
    struct lg_str first = lg_str_cut_char(lg_str_of(help), '\n').head;
    int width = 16 - (int)strlen(prefix);
    lg_sb_fmt(sb, "    %s%-*s %.*s", prefix, width, name, LG_STR_ARG(first));
}

static int by_name(const void *a, const void *b)
{
    const struct lg_pprof_field *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static const struct lg_pprof_field *const *sorted_fields(size_t *count_ret)
{
    static const struct lg_pprof_field *fields[MAX_ROWS];
    size_t count = 0;
    for (const struct lg_pprof_field *f = lg_pprof_fields;
         f->name != NULL && count < MAX_ROWS; f++)
        fields[count++] = f;
    qsort(fields, count, sizeof(struct lg_pprof_field *), by_name);
    *count_ret = count;
    return fields;
}

static void commands(struct lg_sb *sb, bool flags, bool is_beyond)
{
    const char *prefix = flags ? "-" : "";
    for (const struct lg_pprof_command *c = lg_pprof_commands; c->name != NULL;
         c++) {
        if (c->is_beyond != is_beyond)
            continue;
        row(sb, prefix, c->name, c->description);
        lg_sb_char(sb, '\n');
    }
}

static void variables(struct lg_sb *sb, const char *prefix)
{
    size_t count;
    const struct lg_pprof_field *const *fields = sorted_fields(&count);
    for (size_t i = 0; i < count; i++) {
        if (fields[i]->choices != NULL)
            continue;
        row(sb, prefix, fields[i]->name, fields[i]->help);
        lg_sb_char(sb, '\n');
    }
}

static void groups(struct lg_sb *sb, const char *prefix)
{
    size_t count;
    bool is_first = true;
    const struct lg_pprof_field *const *fields = sorted_fields(&count);
    for (size_t i = 0; i < count; i++) {
        if (fields[i]->choices == NULL)
            continue;
        lg_sb_cstr(sb, is_first ? "" : "\n");
        is_first = false;
        row(sb, "", fields[i]->name, "");
        for (const struct lg_pprof_choice *c = fields[i]->choices;
             c->name != NULL; c++) {
            lg_sb_cstr(sb, "\n  ");
            row(sb, prefix, c->name, c->help);
        }
    }
}

void lg_pprof_usage(struct lg_sb *sb, bool flags)
{
    const char *prefix = flags ? "-" : "";
    lg_sb_cstr(sb, flags ? header : "");
    lg_sb_cstr(sb, flags ? "  Output formats (select at most one):\n"
                         : "  Commands:\n");
    commands(sb, flags, false);
    if (!flags) {
        row(sb, "", "o/options", "List options and their current values");
        lg_sb_char(sb, '\n');
        row(sb, "", "q/quit/exit/^D", "Exit pprof");
        lg_sb_char(sb, '\n');
    }
    lg_sb_cstr(sb, "\n  Options:\n");
    variables(sb, prefix);
    lg_sb_cstr(sb, "\n  Option groups (only set one per group):\n");
    groups(sb, prefix);
    lg_sb_cstr(sb, flags ? sources : "");
    lg_sb_cstr(sb, flags ? beyond : "\n\n  Beyond go tool pprof:\n");
    commands(sb, flags, true);
    if (!flags)
        lg_sb_cstr(sb, "\n  :   Clear focus/ignore/hide/tagfocus/tagignore\n\n"
                       "  type \"help <cmd|option>\" for more information\n");
}

/* listHelp and reportHelp */
static void command_usage(struct lg_sb *sb, const struct lg_pprof_command *c)
{
    bool is_list =
        c->usage == LG_PPROF_USAGE_LIST || c->usage == LG_PPROF_USAGE_LIST_FILE;
    bool is_cum = c->usage == LG_PPROF_USAGE_REPORT_CUM;
    bool has_file = is_cum || c->usage == LG_PPROF_USAGE_REPORT ||
                    c->usage == LG_PPROF_USAGE_LIST_FILE;
    lg_sb_fmt(sb, "    %s%s%s%s\n", c->name,
              is_list ? "<func_regex|address> [-focus_regex]* [-ignore_regex]*"
                      : " [n] [focus_regex]* [-ignore_regex]*",
              is_cum ? " [-cum]" : "", has_file ? " >f" : "");
    lg_sb_cstr(sb, is_list ? "    Include functions matching func_regex, or "
                             "including the address specified.\n"
                           : "    Include up to n samples\n");
    lg_sb_cstr(sb, "    Include samples matching focus_regex, and exclude "
                   "ignore_regex.\n");
    if (is_cum)
        lg_sb_cstr(sb, "    -cum sorts the output by cumulative weight\n");
    if (has_file)
        lg_sb_cstr(sb, "    Optionally save the report on the file f\n");
}

static void command_help(struct lg_sb *sb, const struct lg_pprof_command *c)
{
    lg_sb_fmt(sb, "%s\n", c->description);
    if (c->usage != LG_PPROF_USAGE_NONE)
        lg_sb_cstr(sb, "  Usage:\n");
    if (c->usage == LG_PPROF_USAGE_OWN) {
        struct lg_cut lines = {.tail = lg_str_of(c->usage_text), .found = true};
        while (lines.found) {
            lines = lg_str_cut_char(lines.tail, '\n');
            lg_sb_fmt(sb, "    %.*s\n", LG_STR_ARG(lines.head));
        }
    } else if (c->usage != LG_PPROF_USAGE_NONE) {
        command_usage(sb, c);
    }
    lg_sb_char(sb, '\n');
}

bool lg_pprof_help(struct lg_sb *sb, struct lg_str word,
                   const struct lg_profile *p)
{
    const struct lg_pprof_command *c = lg_pprof_command_find(word);
    if (c != NULL)
        return command_help(sb, c), true;
    const char *help = lg_pprof_field_help(word);
    if (help == NULL)
        return false;
    lg_sb_cstr(sb, help);
    if (lg_str_eq(word, LG_STR("sample_index"))) {
        lg_sb_cstr(sb, "Or use sample_index=name, with name in [");
        for (size_t i = 0; i < p->types.count; i++) {
            lg_sb_cstr(sb, i > 0 ? " " : "");
            lg_sb_str(sb, p->types.items[i].type);
        }
        lg_sb_cstr(sb, "].\n");
    }
    lg_sb_char(sb, '\n');
    return true;
}
