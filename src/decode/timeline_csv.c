/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/timeline_csv.h"

#include "base/lines.h"

/* 16 MiB of rows; an hour at 20 samples a second. */
#define MAX_ROWS 65536
#define MIN_ROWS 16
#define MAX_COLUMNS 64

enum column { COLUMN_NONE, COLUMN_T, COLUMN_WALL, COLUMN_NUMBER };

static const struct {
    struct lg_str name;
    size_t offset;
} numbers[] = {
#define NUMBER(member)                                                         \
    {                                                                          \
        LG_STR(#member), offsetof(struct lg_timeline_row, member)              \
    }
    NUMBER(usage_bytes), NUMBER(rss_bytes),   NUMBER(limit_bytes),
    NUMBER(heap_bytes),  NUMBER(stack_bytes), NUMBER(goroutines),
    NUMBER(threads),     NUMBER(fds),         NUMBER(anon_bytes),
    NUMBER(shmem_bytes), NUMBER(file_bytes),  NUMBER(others_rss_bytes),
#undef NUMBER
};

struct header {
    size_t count;
    struct {
        enum column kind;
        size_t offset; /* NUMBER: in the row */
    } columns[MAX_COLUMNS];
    bool has_t;
    size_t known_count; /* NUMBER columns */
};

static bool next_cell(struct lg_str *line, bool *more, struct lg_str *cell)
{
    if (!*more)
        return false;
    struct lg_cut cut = lg_str_cut_char(*line, ',');
    *cell = lg_str_trim(cut.head);
    *line = cut.tail;
    *more = cut.found;
    return true;
}

static void add_column(struct header *h, struct lg_str name)
{
    size_t i = h->count++;
    h->columns[i].kind = COLUMN_NONE;
    if (lg_str_eq(name, LG_STR("t"))) {
        h->columns[i].kind = COLUMN_T;
        h->has_t = true;
    } else if (lg_str_eq(name, LG_STR("wall_ns"))) {
        h->columns[i].kind = COLUMN_WALL;
    }
    for (size_t n = 0; n < LG_COUNT(numbers); n++) {
        if (!lg_str_eq(name, numbers[n].name))
            continue;
        h->columns[i].kind = COLUMN_NUMBER;
        h->columns[i].offset = numbers[n].offset;
        h->known_count++;
    }
}

static bool parse_header(struct lg_str line, struct header *h)
{
    bool more = true;
    struct lg_str cell;
    *h = (struct header){0};
    while (h->count < MAX_COLUMNS && next_cell(&line, &more, &cell))
        add_column(h, cell);
    return h->has_t && h->known_count > 0;
}

/* "12.345" → ns, digits beyond the ninth are dropped; false: not a time. */
static bool parse_seconds(struct lg_str s, uint64_t *ns_ret)
{
    struct lg_cut cut = lg_str_cut_char(s, '.');
    uint64_t seconds, fraction = 0;
    if (!lg_str_u64(cut.head, &seconds) || seconds > UINT32_MAX)
        return false;
    struct lg_str digits = lg_str_first(cut.tail, 9);
    if (cut.found && !lg_str_u64(digits, &fraction))
        return false;
    for (size_t i = digits.len; i < 9; i++)
        fraction *= 10;
    *ns_ret = seconds * UINT64_C(1000000000) + fraction;
    return true;
}

static void set_number(struct lg_timeline_row *row, size_t offset,
                       struct lg_str cell)
{
    uint64_t value;
    if (lg_str_u64(cell, &value))
        *(struct lg_num *)(void *)((char *)row + offset) = lg_known(value);
}

/* false: a line without a time is no row. */
static bool parse_row(const struct header *h, struct lg_str line,
                      struct lg_timeline_row *row)
{
    bool more = true, timed = false;
    struct lg_str cell;
    *row = (struct lg_timeline_row){0};
    for (size_t i = 0; i < h->count && next_cell(&line, &more, &cell); i++) {
        if (h->columns[i].kind == COLUMN_T)
            timed = parse_seconds(cell, &row->t_ns);
        else if (h->columns[i].kind == COLUMN_WALL)
            (void)lg_str_i64(cell, &row->wall_ns);
        else if (h->columns[i].kind == COLUMN_NUMBER)
            set_number(row, h->columns[i].offset, cell);
    }
    return timed;
}

static size_t count_lines(struct lg_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len && n < MAX_ROWS; i++)
        n += s.data[i] == '\n';
    return n < MIN_ROWS ? MIN_ROWS : n;
}

bool lg_timeline_csv_is(struct lg_str bytes)
{
    struct lg_str line;
    struct header h;
    bytes = lg_str_first(bytes, 4096);
    return lg_lines_next(&bytes, &line) && parse_header(line, &h);
}

bool lg_timeline_csv_parse(struct lg_str bytes, struct lg_arena *arena,
                           struct lg_timeline *ret, struct lg_error *err)
{
    struct lg_str line;
    struct header h;
    if (!lg_lines_next(&bytes, &line) || !parse_header(line, &h))
        return lg_fail(err, LG_BAD_DATA, "no header of a timeline");
    size_t capacity = count_lines(bytes);
    struct lg_timeline_row *rows =
        lg_new(arena, struct lg_timeline_row, capacity);
    if (rows == NULL)
        return lg_fail_nomem(err);
    struct lg_timeline t;
    lg_timeline_init(&t, rows, capacity);
    ptrdiff_t end = lg_str_rfind_char(bytes, '\n');
    bytes = lg_str_first(bytes, (size_t)(end + 1));
    struct lg_timeline_row row;
    while (lg_lines_next(&bytes, &line)) {
        if (parse_row(&h, line, &row))
            lg_timeline_add(&t, &row);
    }
    *ret = t;
    return true;
}
