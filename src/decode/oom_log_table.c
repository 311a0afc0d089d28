/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_table.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum lg_oom_column column;
} names[] = {
    {"uid", LG_OOM_COL_UID},
    {"tgid", LG_OOM_COL_TGID},
    {"total_vm", LG_OOM_COL_TOTAL_VM},
    {"rss", LG_OOM_COL_RSS},
    {"rss_anon", LG_OOM_COL_RSS_ANON},
    {"rss_file", LG_OOM_COL_RSS_FILE},
    {"rss_shmem", LG_OOM_COL_RSS_SHMEM},
    {"nr_ptes", LG_OOM_COL_NR_PTES},
    {"nr_pmds", LG_OOM_COL_NR_PMDS},
    {"nr_puds", LG_OOM_COL_NR_PUDS},
    {"pgtables_bytes", LG_OOM_COL_PGTABLES_BYTES},
    {"swapents", LG_OOM_COL_SWAPENTS},
    {"oom_score_adj", LG_OOM_COL_SCORE_ADJ},
};

static enum lg_oom_column column_of(struct lg_str word)
{
    for (size_t i = 0; i < LG_COUNT(names); i++)
        if (lg_str_eq(word, lg_str_of(names[i].name)))
            return names[i].column;
    return LG_OOM_COL_OTHER;
}

bool lg_oom_columns_parse(struct lg_str rest, struct lg_oom_columns *ret)
{
    struct lg_oom_columns c = {0};
    struct lg_str word;
    while (lg_str_word(&rest, &word)) {
        if (lg_str_eq(word, LG_STR("name"))) {
            if (c.count == 0)
                return false;
            *ret = c;
            return true;
        }
        if (c.count == LG_OOM_COLUMNS_MAX)
            return false;
        enum lg_oom_column column = column_of(word);
        c.column[c.count++] = (uint8_t)column;
        c.known |= 1u << column;
    }
    return false;
}

static bool integer(struct lg_str *s, int64_t *ret)
{
    while (s->len != 0 && s->data[0] == ' ')
        *s = lg_str_skip(*s, 1);
    bool negative = s->len != 0 && s->data[0] == '-';
    if (negative)
        *s = lg_str_skip(*s, 1);
    uint64_t n;
    if (!lg_str_take_u64(s, &n) || n > INT64_MAX)
        return false;
    *ret = negative ? -(int64_t)n : (int64_t)n;
    return true;
}

bool lg_oom_row_parse(const struct lg_oom_columns *columns, struct lg_str text,
                      struct lg_oom_row *ret)
{
    if (columns->count == 0 || !lg_str_after(text, LG_STR("["), &text) ||
        !integer(&text, &ret->pid) || !lg_str_after(text, LG_STR("]"), &text))
        return false;
    memset(ret->value, 0, sizeof ret->value);
    for (unsigned i = 0; i < columns->count; i++)
        if (!integer(&text, &ret->value[columns->column[i]]))
            return false;
    if (!lg_str_after(text, LG_STR(" "), &text))
        return false;
    if ((columns->known & 1u << LG_OOM_COL_TGID) != 0)
        ret->pid = ret->value[LG_OOM_COL_TGID];
    text = lg_str_first(text, LG_OOM_NAME_MAX);
    ret->name_len = (uint8_t)text.len;
    if (text.len != 0)
        memcpy(ret->name, text.data, text.len);
    return true;
}

static int64_t weight(const struct lg_oom_row *row)
{
    return row->value[LG_OOM_COL_RSS];
}

/* The smallest row at the root, once the table is full. */
static void sift_down(struct lg_oom_table *t, size_t at)
{
    for (;;) {
        size_t least = at, child = 2 * at + 1;
        for (size_t c = child; c < child + 2 && c < t->count; c++)
            if (weight(&t->rows[c]) < weight(&t->rows[least]))
                least = c;
        if (least == at)
            return;
        struct lg_oom_row moved = t->rows[at];
        t->rows[at] = t->rows[least];
        t->rows[least] = moved;
        at = least;
    }
}

void lg_oom_table_add(struct lg_oom_table *t, const struct lg_oom_row *row)
{
    uint64_t order = t->seen_count++;
    if (t->count < LG_OOM_ROWS_MAX) {
        t->rows[t->count] = *row;
        t->rows[t->count++].order = order;
        if (t->count == LG_OOM_ROWS_MAX)
            for (size_t i = t->count / 2; i-- > 0;)
                sift_down(t, i);
        return;
    }
    if (weight(row) <= weight(&t->rows[0]))
        return;
    t->rows[0] = *row;
    t->rows[0].order = order;
    sift_down(t, 0);
}

static int by_order(const void *a, const void *b)
{
    const struct lg_oom_row *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

void lg_oom_table_sort(struct lg_oom_table *t)
{
    if (t->count == LG_OOM_ROWS_MAX)
        qsort(t->rows, t->count, sizeof *t->rows, by_order);
}

const struct lg_oom_row *lg_oom_table_find(const struct lg_oom_table *t,
                                           int64_t pid)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->rows[i].pid == pid)
            return &t->rows[i];
    return NULL;
}

static struct lg_num number(const struct lg_oom_row *row,
                            const struct lg_oom_columns *columns,
                            enum lg_oom_column column, uint64_t unit)
{
    int64_t value = row->value[column];
    if ((columns->known & 1u << column) == 0 || value < 0 ||
        (uint64_t)value > UINT64_MAX / unit)
        return (struct lg_num){0};
    return lg_known((uint64_t)value * unit);
}

/* To 4.14 the levels of page tables were counted each. */
static struct lg_num page_tables(const struct lg_oom_row *row,
                                 const struct lg_oom_columns *columns,
                                 uint64_t page_bytes)
{
    struct lg_num all = number(row, columns, LG_OOM_COL_PGTABLES_BYTES, 1);
    for (int c = LG_OOM_COL_NR_PTES; c <= LG_OOM_COL_NR_PUDS; c++) {
        struct lg_num level =
            number(row, columns, (enum lg_oom_column)c, page_bytes);
        if (level.known)
            all = lg_known(all.value + level.value);
    }
    return all;
}

struct lg_oom_task lg_oom_row_task(const struct lg_oom_row *row,
                                   const struct lg_oom_columns *columns,
                                   uint64_t page_bytes)
{
    struct lg_oom_task t = {
        .pid = row->pid,
        .comm = {row->name, row->name_len},
        .uid = number(row, columns, LG_OOM_COL_UID, 1),
        .total_vm_bytes = number(row, columns, LG_OOM_COL_TOTAL_VM, page_bytes),
        .rss_bytes = number(row, columns, LG_OOM_COL_RSS, page_bytes),
        .anon_rss_bytes = number(row, columns, LG_OOM_COL_RSS_ANON, page_bytes),
        .file_rss_bytes = number(row, columns, LG_OOM_COL_RSS_FILE, page_bytes),
        .shmem_rss_bytes =
            number(row, columns, LG_OOM_COL_RSS_SHMEM, page_bytes),
        .pgtables_bytes = page_tables(row, columns, page_bytes),
        .swap_bytes = number(row, columns, LG_OOM_COL_SWAPENTS, page_bytes),
    };
    int64_t adj = row->value[LG_OOM_COL_SCORE_ADJ];
    if ((columns->known & 1u << LG_OOM_COL_SCORE_ADJ) != 0 && adj >= -1000 &&
        adj <= 1000) {
        t.has_oom_score_adj = true;
        t.oom_score_adj = (int32_t)adj;
    }
    return t;
}
