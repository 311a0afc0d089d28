/* SPDX-License-Identifier: Apache-2.0 */
/* A row out of record.json and report.json, which may be damaged, cut, or
 * from somebody else: what is not as it should be is as if it were not there.
 */
#include "store/internal.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A report with a full timeline has some hundred KiB. */
#define JSON_MAX_BYTES ((size_t)64 << 20)

static void decref_p(json_t **json)
{
    json_decref(*json);
}
#define LG_DECREF __attribute__((cleanup(decref_p)))

/* NULL: not there or not JSON. */
static json_t *load(int dir_fd, const char *name)
{
    struct stat st;
    struct lg_arena arena;
    struct lg_str bytes;
    LG_CLOSE
    int fd =
        openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    lg_arena_init(&arena, 0);
    json_t *json = NULL;
    if (lg_read_all(fd, JSON_MAX_BYTES, &arena, &bytes, NULL))
        json = json_loadb(bytes.data, bytes.len, 0, NULL);
    lg_arena_deinit(&arena);
    return json;
}

static const json_t *at(const json_t *json, const char *a, const char *b)
{
    json = json_object_get(json, a);
    return b != NULL ? json_object_get(json, b) : json;
}

static struct lg_str text_at(const json_t *json, const char *a, const char *b)
{
    const json_t *s = at(json, a, b);
    return lg_str_from(json_string_value(s), json_string_length(s));
}

static uint64_t number_of(const json_t *json)
{
    json_int_t n = json_integer_value(json);
    return n > 0 ? (uint64_t)n : 0;
}

static int64_t signed_at(const json_t *json, const char *a, const char *b)
{
    return json_integer_value(at(json, a, b));
}

static struct lg_str either(struct lg_str a, struct lg_str b)
{
    return a.len != 0 ? a : b;
}

struct lg_str lg_row_base_name(struct lg_str path)
{
    struct lg_cut cut = lg_str_rcut_char(path, '/');
    return cut.found ? cut.tail : path;
}

void lg_row_end_text(struct lg_sb *sb, struct lg_str kind, int64_t exit_code,
                     int64_t signal)
{
    lg_sb_str(sb, kind);
    if (lg_str_eq(kind, LG_STR("exit")))
        lg_sb_fmt(sb, " %lld", (long long)exit_code);
    else if (lg_str_eq(kind, LG_STR("signal")))
        lg_sb_fmt(sb, " %lld", (long long)signal);
}

void lg_row_where_text(struct lg_sb *sb, struct lg_str function,
                       struct lg_str file, uint64_t line)
{
    lg_sb_str(sb, lg_frame_short(function));
    if (file.len == 0)
        return;
    lg_sb_char(sb, ' ');
    lg_sb_str(sb, lg_row_base_name(file));
    if (line != 0)
        lg_sb_fmt(sb, ":%llu", (unsigned long long)line);
}

/* "2026-11-02T14:03:09.123Z" as lg_time_text writes it; 0: another form. */
static int64_t time_of(struct lg_str text)
{
    char copy[LG_TIME_TEXT_BYTES] = "";
    struct tm tm = {0};
    uint64_t ms = 0;
    if (text.len == 0 || text.len >= sizeof copy)
        return 0;
    memcpy(copy, text.data, text.len);
    const char *rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL)
        return 0;
    struct lg_str fraction = lg_str_of(rest);
    if (lg_str_after(fraction, LG_STR("."), &fraction) &&
        (fraction.len != 4 || !lg_str_u64(lg_str_first(fraction, 3), &ms)))
        ms = 0;
    time_t s = timegm(&tm);
    return s <= 0 ? 0
                  : (int64_t)s * (int64_t)LG_NS_PER_S +
                        (int64_t)(ms * LG_NS_PER_MS);
}

static int64_t when(const json_t *record, const json_t *report, int dir_fd)
{
    struct stat st;
    int64_t ns = signed_at(record, "end", "time_ns");
    if (ns <= 0)
        ns = time_of(text_at(report, "end", "time"));
    if (ns <= 0)
        ns = signed_at(record, "started_ns", NULL);
    if (ns <= 0)
        ns = time_of(text_at(report, "subject", "started_at"));
    if (ns <= 0 && fstat(dir_fd, &st) == 0)
        ns = (int64_t)st.st_mtim.tv_sec * (int64_t)LG_NS_PER_S +
             st.st_mtim.tv_nsec;
    return ns;
}

static void subject_of(const json_t *record, const json_t *report,
                       struct lg_store_row *row)
{
    const json_t *a = at(record, "subject", NULL);
    const json_t *b = at(report, "subject", NULL);
    struct lg_str exe =
        either(text_at(a, "exe", NULL), text_at(b, "exe", NULL));
    row->name = either(lg_row_base_name(exe), either(text_at(a, "comm", NULL),
                                                     text_at(b, "comm", NULL)));
    row->pid = signed_at(a, "pid", NULL);
    if (row->pid == 0)
        row->pid = signed_at(b, "pid", NULL);
    row->limit_bytes =
        number_of(at(report, "end", "memcg") != NULL
                      ? at(at(report, "end", "memcg"), "limit_bytes", NULL)
                      : NULL);
    if (row->limit_bytes == 0)
        row->limit_bytes = number_of(at(a, "limit_bytes", NULL));
    if (row->limit_bytes == 0)
        row->limit_bytes = number_of(at(b, "limit_bytes", NULL));
}

static bool end_of(const json_t *record, const json_t *report,
                   struct lg_arena *arena, struct lg_store_row *row)
{
    const json_t *end = at(record, "end", NULL);
    struct lg_sb sb;
    if (text_at(end, "kind", NULL).len == 0)
        end = at(report, "end", NULL);
    lg_sb_init(&sb, arena);
    lg_row_end_text(&sb, text_at(end, "kind", NULL),
                    signed_at(end, "exit_code", NULL),
                    signed_at(end, "signal", NULL));
    row->end = lg_sb_view(&sb);
    return !sb.failed;
}

/* The kernel's own figure, else the last sample that has one. */
static uint64_t usage_of(const json_t *report)
{
    const json_t *timeline = at(report, "timeline", NULL);
    uint64_t bytes =
        number_of(at(at(report, "end", "memcg"), "usage_bytes", NULL));
    for (size_t i = json_array_size(timeline); bytes == 0 && i > 0; i--)
        bytes =
            number_of(at(json_array_get(timeline, i - 1), "usage_bytes", NULL));
    return bytes;
}

static bool verdict_of(const json_t *report, struct lg_arena *arena,
                       struct lg_store_row *row)
{
    const json_t *verdict = at(report, "verdict", NULL);
    const json_t *line = at(verdict, "where", "line");
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    row->cause = text_at(verdict, "cause", NULL);
    if (json_is_true(at(verdict, "inconclusive", NULL)))
        row->cause = LG_STR("inconclusive");
    row->title = text_at(verdict, "title", NULL);
    row->confidence = json_number_value(at(verdict, "confidence", NULL));
    if (text_at(verdict, "where", "function").len != 0)
        lg_row_where_text(&sb, text_at(verdict, "where", "function"),
                          text_at(verdict, "where", "file"), number_of(line));
    row->where = lg_sb_view(&sb);
    row->usage_bytes = usage_of(report);
    return !sb.failed;
}

static uint64_t count_captures(int dir_fd)
{
    int fd = openat(dir_fd, "captures",
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    uint64_t count = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* The JSON documents die before the row: its strings move to the arena. */
static bool own_texts(struct lg_store_row *row, struct lg_arena *arena)
{
    struct lg_str *texts[] = {&row->name,  &row->state, &row->end,
                              &row->cause, &row->title, &row->where};
    for (size_t i = 0; i < LG_COUNT(texts); i++) {
        size_t len = texts[i]->len;
        *texts[i] = lg_str_dup(arena, *texts[i]);
        if (len != 0 && texts[i]->data == NULL)
            return false;
    }
    return true;
}

static bool fill(int dir_fd, struct lg_arena *arena, struct lg_store_row *row)
{
    LG_DECREF
    json_t *record = load(dir_fd, "record.json");
    LG_DECREF
    json_t *report = load(dir_fd, "report.json");
    bool done = record != NULL
                    ? lg_str_eq(text_at(record, "state", NULL), LG_STR("done"))
                    : report != NULL;
    row->state = done ? LG_STR("done") : LG_STR("recording");
    row->time_ns = when(record, report, dir_fd);
    subject_of(record, report, row);
    row->captures_count = json_array_size(at(report, "captures", NULL));
    if (row->captures_count == 0)
        row->captures_count = count_captures(dir_fd);
    return end_of(record, report, arena, row) &&
           verdict_of(report, arena, row) && own_texts(row, arena);
}

bool lg_row_from_folder(struct lg_store *store, const char *id,
                        struct lg_arena *arena, struct lg_store_row *ret,
                        struct lg_error *err)
{
    struct lg_store_row row = {0};
    LG_CLOSE
    int fd = openat(store->incidents_fd, id,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return lg_fail_os(err, errno, "cannot open %s/incidents/%s",
                          store->path, id);
    memcpy(row.id, id, strlen(id) + 1);
    row.folder = lg_store_folder(store, id, arena);
    if (row.folder.data == NULL || !fill(fd, arena, &row))
        return lg_fail_nomem(err);
    row.size_bytes = lg_store_tree_bytes(store->incidents_fd, id);
    *ret = row;
    return true;
}
