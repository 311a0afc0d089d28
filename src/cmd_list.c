/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/json.h"
#include "cmd.h"
#include "incident_of.h"
#include "report/clean.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct wish {
    const char *state;
    struct lg_store_query query;
    bool json;
};

enum { STATE, SINCE, UNTIL, CAUSE, LIMIT, JSON };

static const struct lg_option options[] = {
    [STATE] = {"state", 's', "DIR", "where incidents are kept"},
    [SINCE] = {"since", 0, "TIME", "that ended at TIME or later"},
    [UNTIL] = {"until", 0, "TIME", "that ended at TIME or before"},
    [CAUSE] = {"cause", 0, "CAUSE", "goroutine-leak, heap-burst, none, ..."},
    [LIMIT] = {"limit", 'n', "N", "only the newest N"},
    [JSON] = {"json", 0, NULL, "one JSON document (lastgasp.list/1)"},
    {0},
};

/* --- the table --- */

enum { ID, TIME, PROGRAM, END, VERDICT, WHERE, MEMORY, COLUMNS };

static const char *const titles[COLUMNS] = {
    "ID", "TIME", "PROGRAM", "END", "CAUSE", "WHERE", "MEMORY / LIMIT"};
/* Where there is too little room, this column gives way, down to so much. */
#define SHRINKS WHERE
#define SHRUNK_MIN 16

struct line {
    struct lg_str cells[COLUMNS];
};

static struct lg_str cell(struct lg_sb *sb, struct lg_str s)
{
    size_t begin = sb->len;
    if (s.len == 0)
        lg_sb_char(sb, '-');
    else
        lg_clean(s, sb);
    return lg_str_from(sb->data + begin, sb->len - begin);
}

static struct lg_str time_cell(struct lg_arena *arena, int64_t ns)
{
    char *text = lg_new(arena, char, 32);
    time_t s = (time_t)(ns / (int64_t)LG_NS_PER_S);
    struct tm tm;
    if (text == NULL || ns <= 0 || localtime_r(&s, &tm) == NULL)
        return LG_STR("-");
    strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm);
    return lg_str_of(text);
}

static struct lg_str memory_cell(struct lg_arena *arena,
                                 const struct lg_store_row *row)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    if (row->usage_bytes != 0)
        lg_sb_bytes(&sb, row->usage_bytes);
    else
        lg_sb_char(&sb, '-');
    lg_sb_cstr(&sb, " / ");
    if (row->limit_bytes != 0)
        lg_sb_bytes(&sb, row->limit_bytes);
    else
        lg_sb_char(&sb, '-');
    return lg_sb_view(&sb);
}

static struct lg_str end_of(const struct lg_store_row *row)
{
    bool ended = row->end.len > 0 && !lg_str_eq(row->end, LG_STR("running"));
    return ended || lg_str_eq(row->state, LG_STR("done")) ? row->end
                                                          : row->state;
}

static void line_of(const struct lg_store_row *row, struct lg_arena *arena,
                    struct line *line)
{
    const struct lg_str raw[COLUMNS] = {
        [ID] = lg_str_of(row->id),
        [TIME] = time_cell(arena, row->time_ns),
        [PROGRAM] = row->name,
        [END] = end_of(row),
        [VERDICT] = row->cause,
        [WHERE] = row->where,
        [MEMORY] = memory_cell(arena, row),
    };
    for (int c = 0; c < COLUMNS; c++) {
        struct lg_sb sb; /* of its own: it moves when it grows */
        lg_sb_init(&sb, arena);
        line->cells[c] = cell(&sb, raw[c]);
    }
}

static void measure(const struct line *lines, size_t count, int columns,
                    size_t widths[COLUMNS])
{
    size_t sum = 0;
    for (int c = 0; c < COLUMNS; c++) {
        widths[c] = strlen(titles[c]);
        for (size_t i = 0; i < count; i++) {
            size_t width = lg_clean_width(lines[i].cells[c]);
            if (width > widths[c])
                widths[c] = width;
        }
        sum += widths[c] + 2;
    }
    size_t room = columns > 0 ? (size_t)columns : sum;
    size_t over = sum - 2 > room ? sum - 2 - room : 0;
    size_t most =
        widths[SHRINKS] > SHRUNK_MIN ? widths[SHRINKS] - SHRUNK_MIN : 0;
    widths[SHRINKS] -= over < most ? over : most;
}

/* At most so many characters; a cut is shown by an ellipsis. */
static size_t put_cut(struct lg_sb *out, struct lg_str s, size_t width)
{
    char room[LG_CLEAN_BYTES];
    size_t n = lg_clean_width(s), at = 0;
    if (n <= width) {
        lg_sb_str(out, s);
        return n;
    }
    for (; at + 1 < width; at++)
        lg_sb_str(out, lg_clean_next(&s, room));
    lg_sb_cstr(out, "\u2026");
    return width;
}

static void put_line(struct lg_sb *out, const struct line *line,
                     const size_t widths[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++) {
        size_t n = put_cut(out, line->cells[c], widths[c]);
        if (c + 1 < COLUMNS)
            lg_sb_repeat(out, ' ', widths[c] - n + 2);
    }
    lg_sb_char(out, '\n');
}

static bool table(const struct lg_store_row *rows, size_t count,
                  struct lg_arena *arena, struct lg_error *err)
{
    size_t widths[COLUMNS];
    struct lg_sb out;
    struct line head;
    struct line *lines = lg_new(arena, struct line, count);
    lg_sb_init(&out, arena);
    for (size_t i = 0; lines != NULL && i < count; i++)
        line_of(&rows[i], arena, &lines[i]);
    if (lines == NULL || arena->failed)
        return lg_fail_nomem(err);
    measure(lines, count, lg_cmd_columns(STDOUT_FILENO), widths);
    for (int c = 0; c < COLUMNS; c++)
        head.cells[c] = lg_str_of(titles[c]);
    put_line(&out, &head, widths);
    for (size_t i = 0; i < count; i++)
        put_line(&out, &lines[i], widths);
    if (out.failed)
        return lg_fail_nomem(err);
    fwrite(out.data, 1, out.len, stdout);
    return true;
}

/* --- JSON --- */

static void str_or_null(struct lg_json *j, const char *key, struct lg_str s)
{
    if (s.len > 0)
        lg_json_kstr(j, key, s);
    else
        lg_json_knull(j, key);
}

static void bytes_or_null(struct lg_json *j, const char *key, uint64_t n)
{
    if (n > 0)
        lg_json_ku64(j, key, n);
    else
        lg_json_knull(j, key);
}

static void row_json(const struct lg_store_row *row, struct lg_json *j)
{
    lg_json_object(j);
    lg_json_kcstr(j, "id", row->id);
    lg_json_ktime(j, "time", row->time_ns);
    if (row->pid != 0)
        lg_json_ki64(j, "pid", row->pid);
    else
        lg_json_knull(j, "pid");
    str_or_null(j, "name", row->name);
    str_or_null(j, "state", row->state);
    str_or_null(j, "end", row->end);
    str_or_null(j, "cause", row->cause);
    str_or_null(j, "title", row->title);
    str_or_null(j, "where", row->where);
    lg_json_kf64(j, "confidence", row->confidence);
    bytes_or_null(j, "usage_bytes", row->usage_bytes);
    bytes_or_null(j, "limit_bytes", row->limit_bytes);
    lg_json_ku64(j, "captures_count", row->captures_count);
    lg_json_ku64(j, "size_bytes", row->size_bytes);
    str_or_null(j, "folder", row->folder);
    lg_json_object_end(j);
}

static bool json(const struct lg_store_row *rows, size_t count,
                 struct lg_error *err)
{
    struct lg_json j;
    int fd = STDOUT_FILENO;
    lg_json_init_fd(&j, &fd, true);
    lg_json_object(&j);
    lg_json_kcstr(&j, "schema", "lastgasp.list/1");
    lg_json_key(&j, "incidents");
    lg_json_array(&j);
    for (size_t i = 0; i < count; i++)
        row_json(&rows[i], &j);
    lg_json_array_end(&j);
    lg_json_object_end(&j);
    if (!lg_json_finish(&j))
        return lg_fail(err, LG_OS, "cannot write to standard output");
    return true;
}

/* --- the command --- */

static const char *cause_name(const void *context, size_t i)
{
    (void)context;
    if (i < LG_CAUSE_COUNT)
        return lg_cause_name((enum lg_cause)i);
    return i == LG_CAUSE_COUNT ? "inconclusive" : NULL;
}

static bool cause_parse(const char *text, struct lg_str *ret,
                        struct lg_error *err)
{
    const char *name;
    for (size_t i = 0; (name = cause_name(NULL, i)) != NULL; i++) {
        if (strcmp(name, text) == 0) {
            *ret = lg_str_of(text);
            return true;
        }
    }
    const char *nearest = lg_cmd_nearest(text, cause_name, NULL);
    return lg_fail(err, LG_USAGE, "there is no cause \"%s\"%s%s%s", text,
                   nearest != NULL ? "; did you mean \"" : "",
                   nearest != NULL ? nearest : "",
                   nearest != NULL ? "\"?" : "");
}

static bool take(struct wish *w, int option, const char *value,
                 struct lg_error *err)
{
    uint64_t n;
    int64_t now_ns = lg_wall_ns(&lg_clock_system);
    switch (option) {
    case STATE:
        w->state = value;
        return true;
    case SINCE:
        return lg_cmd_time(value, now_ns, &w->query.since_ns, err);
    case UNTIL:
        return lg_cmd_time(value, now_ns, &w->query.until_ns, err);
    case CAUSE:
        return cause_parse(value, &w->query.cause, err);
    case LIMIT:
        if (!lg_str_u64(lg_str_of(value), &n) || n == 0 || n > SIZE_MAX)
            return lg_fail(err, LG_USAGE, "--limit \"%s\" is not a number",
                           value);
        w->query.limit = (size_t)n;
        return true;
    case JSON:
        w->json = true;
        return true;
    }
    return true;
}

static bool is_filtered(const struct lg_store_query *q)
{
    return q->since_ns != 0 || q->until_ns != 0 || q->cause.len != 0;
}

static int list_in(const struct wish *w, struct lg_arena *arena)
{
    struct lg_error err = {0};
    struct lg_store *store = NULL;
    struct lg_store_row *rows = NULL;
    size_t count = 0;
    if (!lg_cmd_store(w->state, &store, &err))
        return lg_cmd_fail(&err);
    bool ok = lg_store_list(store, &w->query, arena, &rows, &count, &err);
    if (ok && w->json)
        ok = json(rows, count, &err);
    else if (ok && count > 0)
        ok = table(rows, count, arena, &err);
    if (ok && count == 0)
        lg_cmd_say(is_filtered(&w->query)
                       ? "no incident in %s is like that"
                       : "there are no incidents in %s yet; lastgasp run -- "
                         "CMD records one",
                   lg_store_path(store));
    lg_store_close(store);
    if (!ok)
        return lg_cmd_fail(&err);
    return count > 0 ? LG_EXIT_OK : LG_EXIT_NOTHING;
}

static int parse_and_list(struct lg_args *args, struct lg_arena *arena)
{
    struct wish w = {0};
    struct lg_error err = {0};
    int option;
    while ((option = lg_args_next(args)) >= 0) {
        if (!take(&w, option, args->value, &err))
            return lg_cmd_fail(&err);
    }
    if (option != LG_ARGS_END)
        return option == LG_ARGS_HELP ? LG_EXIT_OK : LG_EXIT_USAGE;
    lg_args_take_rest(args);
    if (args->operand_count == 0)
        return list_in(&w, arena);
    lg_cmd_say("list takes no operand; lastgasp show %s shows one",
               args->operands[0]);
    return LG_EXIT_USAGE;
}

static int run(const struct lg_command *self, int argc, char **argv)
{
    return lg_cmd_with_args(self, argc, argv, parse_and_list);
}

const struct lg_command lg_cmd_list = {
    .name = "list",
    .summary = "the incidents that were recorded, newest first",
    .usage = "[OPTIONS]",
    .options = options,
    .details = "TIME: 2026-11-02, \"2026-11-02 14:03\", 14:03, today, "
               "yesterday, -1h, @1793631789",
    .run = run,
};
