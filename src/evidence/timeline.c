/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/timeline.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define MIN_CAPACITY 16

void lg_timeline_init(struct lg_timeline *t, struct lg_timeline_row *rows,
                      size_t capacity)
{
    assert(capacity >= MIN_CAPACITY);
    *t = (struct lg_timeline){.rows = rows, .capacity = capacity};
}

/* Every second row of the older half goes; the very first one stays, since the
 * start is what growth is measured against. */
static void thin(struct lg_timeline *t)
{
    size_t half = t->count / 2, kept = 0;
    for (size_t i = 0; i < half; i += 2)
        t->rows[kept++] = t->rows[i];
    memmove(t->rows + kept, t->rows + half,
            (t->count - half) * sizeof t->rows[0]);
    t->count = kept + (t->count - half);
}

void lg_timeline_add(struct lg_timeline *t, const struct lg_timeline_row *row)
{
    assert(t->capacity >= MIN_CAPACITY);
    if (t->count == t->capacity)
        thin(t);
    t->rows[t->count++] = *row;
}

/* Without a cgroup there is no usage; RSS is then what grows. One series for
 * the whole fit: the last row decides which. */
static const struct lg_num *series(const struct lg_timeline_row *row,
                                   bool by_rss)
{
    return by_rss ? &row->rss_bytes : &row->usage_bytes;
}

static size_t window_first(const struct lg_timeline *t, uint64_t window_ns)
{
    uint64_t end = t->rows[t->count - 1].t_ns;
    size_t first = t->count - 1;
    while (first > 0 && t->rows[first - 1].t_ns <= end &&
           end - t->rows[first - 1].t_ns <= window_ns)
        first--;
    return first;
}

/* Seconds before the end and bytes beyond the first value keep the doubles
 * small, so that the sums lose nothing. */
double lg_timeline_usage_rate(const struct lg_timeline *t, uint64_t window_ns)
{
    if (t->count < 2)
        return 0;
    const struct lg_timeline_row *last = &t->rows[t->count - 1];
    bool by_rss = !last->usage_bytes.known;
    double n = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    double y0 = (double)series(last, by_rss)->value;
    for (size_t i = window_first(t, window_ns); i < t->count; i++) {
        const struct lg_num *num = series(&t->rows[i], by_rss);
        if (!num->known)
            continue;
        double x = -(double)(last->t_ns - t->rows[i].t_ns) / 1e9;
        double y = (double)num->value - y0;
        n++;
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    double spread = n * sum_xx - sum_x * sum_x;
    /* Fewer than two instants: no slope. */
    return n < 2 || spread <= 0 ? 0 : (n * sum_xy - sum_x * sum_y) / spread;
}

void lg_timeline_csv_header(struct lg_sb *sb)
{
    lg_sb_cstr(sb, "t,usage_bytes,rss_bytes,limit_bytes,heap_bytes,"
                   "stack_bytes,goroutines,threads,fds,anon_bytes,"
                   "shmem_bytes,file_bytes,others_rss_bytes,wall_ns\n");
}

static void csv_cell(struct lg_sb *sb, struct lg_num num)
{
    lg_sb_char(sb, ',');
    if (num.known)
        lg_sb_fmt(sb, "%" PRIu64, num.value);
}

void lg_timeline_csv_row(struct lg_sb *sb, const struct lg_timeline_row *row)
{
    const struct lg_num cells[] = {
        row->usage_bytes, row->rss_bytes,   row->limit_bytes,
        row->heap_bytes,  row->stack_bytes, row->goroutines,
        row->threads,     row->fds,         row->anon_bytes,
        row->shmem_bytes, row->file_bytes,  row->others_rss_bytes,
    };
    lg_sb_fmt(sb, "%" PRIu64 ".%03u", row->t_ns / UINT64_C(1000000000),
              (unsigned)(row->t_ns / 1000000 % 1000));
    for (size_t i = 0; i < LG_COUNT(cells); i++)
        csv_cell(sb, cells[i]);
    lg_sb_char(sb, ',');
    if (row->wall_ns != 0)
        lg_sb_fmt(sb, "%" PRId64, row->wall_ns);
    lg_sb_char(sb, '\n');
}
