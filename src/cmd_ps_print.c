/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/sb.h"
#include "cmd_ps.h"

#include <stdio.h>
#include <unistd.h>

/* A name's control characters would speak to the terminal. */
static void put_clean(struct lg_sb *sb, struct lg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        lg_sb_char(sb, c < ' ' || c == 0x7f ? '?' : s.data[i]);
    }
}

bool lg_ps_is_shown(const struct lg_ps *ps, const struct lg_ps_row *row,
                    bool all, bool is_live)
{
    (void)ps;
    return all || row->build.is_go || (!is_live && !row->program_known);
}

/* The order in words. */

#define MAX_PATH_SHOWN 32

/* A cgroup in few letters: the unit, the container, or the path's end. */
static void put_domain(struct lg_sb *sb, const struct lg_ps_row *row,
                       const struct lg_kill_domain *d)
{
    const struct lg_identity *id = &row->identity;
    struct lg_str last = lg_str_rcut_char(d->path, '/').tail;
    bool own = lg_str_eq(d->path, row->cgroup);
    if (d->path.len == 0) {
        lg_sb_cstr(sb, "the machine");
    } else if (own && id->container_id.len > 0) {
        lg_sb_cstr(sb, "container ");
        put_clean(sb, lg_str_first(id->container_id, 12));
    } else if (own && id->unit.len > 0) {
        put_clean(sb, id->unit);
    } else if (d->path.len <= MAX_PATH_SHOWN) {
        put_clean(sb, d->path);
    } else {
        lg_sb_cstr(sb, "…/");
        put_clean(sb, lg_str_first(last, MAX_PATH_SHOWN));
    }
}

static void put_ordinal(struct lg_sb *sb, size_t n)
{
    static const char *const endings[] = {"th", "st", "nd", "rd"};
    size_t last = n % 10;
    bool teen = n % 100 >= 11 && n % 100 <= 13;
    lg_sb_count(sb, n);
    lg_sb_cstr(sb, endings[!teen && last <= 3 ? last : 0]);
}

/* Who goes first there, when that is another one. */
static const struct lg_ps_row *first_of_domain(const struct lg_ps *ps,
                                               const struct lg_ps_row *row)
{
    const struct lg_ps_row *first = row;
    while (first > ps->rows.items &&
           first[-1].order->domain == row->order->domain)
        first--;
    return first;
}

static void put_place(struct lg_sb *sb, const struct lg_ps *ps,
                      const struct lg_ps_row *row,
                      const struct lg_kill_domain *d)
{
    put_ordinal(sb, row->order->place_in_domain);
    lg_sb_cstr(sb, d->path.len == 0 ? " on " : " in ");
    put_domain(sb, row, d);
    if (row->order->place_in_domain == 1) {
        lg_sb_cstr(sb, ": ");
        lg_sb_bytes(sb, d->left_bytes);
        lg_sb_cstr(sb, " of ");
        lg_sb_bytes(sb, d->limit_bytes);
        lg_sb_cstr(sb, " left");
    } else {
        const struct lg_ps_row *first = first_of_domain(ps, row);
        lg_sb_cstr(sb, ", after ");
        put_clean(sb, first->process.comm);
        lg_sb_fmt(sb, " (%lld)", (long long)first->process.pid);
    }
    if (d->oom_group)
        lg_sb_cstr(sb, "; the cgroup dies as a whole");
    if (d->kill_disabled)
        lg_sb_cstr(sb, "; would be frozen, its OOM killer is off");
}

struct lg_str lg_ps_why(const struct lg_ps *ps, const struct lg_ps_row *row,
                        struct lg_arena *arena)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    if (row->order->is_immune && row->process.oom_score_adj <= -1000)
        lg_sb_cstr(&sb, "never: oom_score_adj is -1000");
    else if (row->order->is_immune)
        lg_sb_cstr(&sb, "never: it is init");
    else
        put_place(&sb, ps, row, &ps->domains.items[row->order->domain]);
    if (row->process.oom_score_adj != 0 && !row->order->is_immune)
        lg_sb_fmt(&sb, "; oom_score_adj %d", row->process.oom_score_adj);
    return lg_sb_view(&sb);
}

/* The table. */

enum column {
    COL_PID,
    COL_GO,
    COL_RSS,
    COL_LIMIT,
    COL_SHARE,
    COL_CPU,
    COL_THREADS,
    COL_FDS,
    COL_SCORE,
    COL_NAME,
    COL_MODULE,
    COL_WHY,
    COL_COUNT,
};

static const struct {
    const char *title;
    bool right;
} columns_of[COL_COUNT] = {
    [COL_PID] = {"PID", true},         [COL_GO] = {"GO", false},
    [COL_RSS] = {"RSS", true},         [COL_LIMIT] = {"LIMIT", true},
    [COL_SHARE] = {"%", true},         [COL_CPU] = {"CPU", true},
    [COL_THREADS] = {"THREADS", true}, [COL_FDS] = {"FDS", true},
    [COL_SCORE] = {"OOM_SCORE", true}, [COL_NAME] = {"NAME", false},
    [COL_MODULE] = {"MODULE", false},  [COL_WHY] = {"ORDER", false},
};

static void put_num(struct lg_sb *sb, struct lg_num n)
{
    if (n.known)
        lg_sb_count(sb, n.value);
    else
        lg_sb_char(sb, '-');
}

static void put_bytes(struct lg_sb *sb, struct lg_num n)
{
    if (n.known)
        lg_sb_bytes(sb, n.value);
    else
        lg_sb_char(sb, '-');
}

static void put_share(struct lg_sb *sb, const struct lg_ps_row *row)
{
    if (row->process.vm_rss.known && row->limit_bytes.known &&
        row->limit_bytes.value > 0)
        lg_sb_fmt(sb, "%.0f",
                  100.0 * (double)row->process.vm_rss.value /
                      (double)row->limit_bytes.value);
    else
        lg_sb_char(sb, '-');
}

/* "go1.26.8" → "1.26.8"; without the experiments behind a blank. */
static struct lg_str short_version(struct lg_str version)
{
    (void)lg_str_after(version, LG_STR("go"), &version);
    return lg_str_cut_char(version, ' ').head;
}

static void put_cell(struct lg_sb *sb, const struct lg_ps *ps,
                     const struct lg_ps_row *row, enum column column,
                     struct lg_arena *arena)
{
    const struct lg_process *p = &row->process;
    switch (column) {
    case COL_PID:
        lg_sb_fmt(sb, "%lld", (long long)p->pid);
        break;
    case COL_GO:
        if (row->build.is_go)
            put_clean(sb, short_version(row->build.go_version));
        else
            lg_sb_char(sb, row->program_known ? '-' : '?');
        break;
    case COL_RSS:
        put_bytes(sb, p->vm_rss);
        break;
    case COL_LIMIT:
        put_bytes(sb, row->limit_bytes);
        break;
    case COL_SHARE:
        put_share(sb, row);
        break;
    case COL_CPU:
        if (row->has_cpu)
            lg_sb_fmt(sb, "%.2f", row->cpu_cores);
        else
            lg_sb_char(sb, '-');
        break;
    case COL_THREADS:
        put_num(sb, p->threads_count);
        break;
    case COL_FDS:
        put_num(sb, p->fds_count);
        break;
    case COL_SCORE:
        if (p->has_oom_score)
            lg_sb_fmt(sb, "%d", p->oom_score);
        else
            lg_sb_char(sb, '-');
        break;
    case COL_NAME:
        put_clean(sb, p->comm);
        break;
    case COL_MODULE:
        put_clean(sb, row->build.path);
        break;
    case COL_WHY:
        lg_sb_str(sb, lg_ps_why(ps, row, arena));
        break;
    default:
        break;
    }
}

/* Columns that a text takes, counting characters. */
static size_t width_of(struct lg_str s)
{
    size_t width = 0;
    for (size_t i = 0; i < s.len; i++)
        width += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    return width;
}

static struct lg_str cut_to(struct lg_str s, size_t width)
{
    size_t i = 0, seen = 0;
    while (i < s.len &&
           (((unsigned char)s.data[i] & 0xc0) == 0x80 || seen++ < width))
        i++;
    return lg_str_first(s, i);
}

static void put_padded(struct lg_sb *line, struct lg_str cell, size_t width,
                       bool right, bool last)
{
    size_t used = width_of(cell);
    if (used > width && width > 0) {
        lg_sb_str(line, cut_to(cell, width - 1));
        lg_sb_cstr(line, "…");
        used = width;
    } else {
        if (right)
            lg_sb_repeat(line, ' ', width - used);
        lg_sb_str(line, cell);
    }
    if (!last) {
        if (!right)
            lg_sb_repeat(line, ' ', width - used);
        lg_sb_cstr(line, "  ");
    }
}

/* How the table is laid out. On a terminal that is too narrow the reason has a
 * line of its own below, and the module gives way. */
struct layout {
    size_t widths[COL_COUNT];
    size_t columns; /* 0: as wide as it gets */
    bool two_lines;
};

#define LEAST_MODULE 6

static size_t total_width(const struct layout *l, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += l->widths[i] + (i > 0 ? 2 : 0);
    return total;
}

static void fit(struct layout *l)
{
    if (l->columns == 0 || total_width(l, COL_COUNT) <= l->columns)
        return;
    l->two_lines = true;
    size_t total = total_width(l, COL_WHY), *module = &l->widths[COL_MODULE];
    size_t over = total > l->columns ? total - l->columns : 0;
    size_t spare = *module > LEAST_MODULE ? *module - LEAST_MODULE : 0;
    *module -= over < spare ? over : spare;
}

static void print_row(const struct layout *l, const struct lg_str *cells,
                      bool is_title, struct lg_arena *arena)
{
    struct lg_sb line;
    int count = l->two_lines ? COL_WHY : COL_COUNT;
    lg_sb_init(&line, arena);
    for (int i = 0; i < count; i++)
        put_padded(&line, cells[i], l->widths[i], columns_of[i].right,
                   i == count - 1);
    if (l->two_lines && !is_title) {
        size_t indent = l->widths[COL_PID] + 2;
        lg_sb_char(&line, '\n');
        lg_sb_repeat(&line, ' ', indent);
        put_padded(&line, cells[COL_WHY],
                   l->columns > indent + 8 ? l->columns - indent : 8, false,
                   true);
    }
    struct lg_str text = lg_str_trim_right(lg_sb_view(&line));
    printf("%.*s\n", LG_STR_ARG(text));
}

static void put_legend(const struct lg_ps *ps)
{
    char over[64] = "since each one's start";
    if (ps->cpu_over_ns > 0)
        (void)snprintf(over, sizeof over, "over the last %llu ms",
                       (unsigned long long)(ps->cpu_over_ns / LG_NS_PER_MS));
    printf("\nTop to bottom: whom the kernel would kill next. The cgroup (or "
           "machine) with the least left first;\nin it the most of RSS + swap "
           "+ page tables, shifted by oom_score_adj. %% is RSS of the lowest "
           "limit\nthat holds. CPU in cores, %s.\n",
           over);
}

bool lg_ps_print_table(const struct lg_ps *ps, bool all, bool is_live,
                       int columns, struct lg_arena *arena)
{
    struct layout l = {.columns = columns > 0 ? (size_t)columns : 0};
    size_t count = ps->rows.count + 1, at = 1;
    struct lg_str(*cells)[COL_COUNT] =
        lg_arena_calloc(arena, count, sizeof *cells, _Alignof(struct lg_str));
    if (cells == NULL)
        return false;
    for (int i = 0; i < COL_COUNT; i++) {
        cells[0][i] = lg_str_of(columns_of[i].title);
        l.widths[i] = cells[0][i].len;
    }
    lg_each(row, ps->rows) {
        if (!lg_ps_is_shown(ps, row, all, is_live))
            continue;
        for (int i = 0; i < COL_COUNT; i++) {
            struct lg_sb sb;
            lg_sb_init(&sb, arena);
            put_cell(&sb, ps, row, (enum column)i, arena);
            cells[at][i] = lg_sb_view(&sb);
            size_t width = width_of(cells[at][i]);
            l.widths[i] = width > l.widths[i] ? width : l.widths[i];
        }
        at++;
    }
    fit(&l);
    for (size_t r = 0; r < at; r++)
        print_row(&l, cells[r], r == 0, arena);
    put_legend(ps);
    return !arena->failed;
}
