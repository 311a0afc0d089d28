/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log.h"

#include "base/clock.h"
#include "decode/oom_log_export.h"
#include "decode/oom_log_prefix.h"
#include "decode/oom_log_route.h"
#include "decode/oom_log_scan.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* The ring buffer has eaten the head of the oldest report: at the start of the
 * input every line is looked at, not only those with marker words. */
#define START_BYTES 65536u

#define EXPORT_MAGIC LG_STR("__CURSOR=")

struct lg_oom_parser {
    struct lg_oom_router router;
    enum { FORM_UNKNOWN, FORM_LINES, FORM_EXPORT } form;
    uint64_t offset;   /* in the input, of the next byte to be looked at */
    uint64_t newlines; /* before that */
    size_t carry_len;
    uint64_t dropped;          /* bytes of a line that is longer than carry */
    bool has_escapes;          /* a backslash is in the region at hand */
    struct lg_oom_prefix last; /* of the line before, and its number */
    uint64_t last_line;
    struct lg_oom_export export;
    char carry[LG_OOM_LINE_MAX_BYTES + 1];
    char scratch[LG_OOM_LINE_MAX_BYTES];
    char message[LG_OOM_LINE_MAX_BYTES]; /* of an export's record */
};

/* ---- life ---------------------------------------------------------------- */

/* All memory of a parser is one mapping: pages that no log ever needs (long
 * tables, many open reports) are never touched and cost nothing. */
struct block {
    struct lg_oom_parser parser;
    struct {
        struct lg_oom_row rows[LG_OOM_ROWS_MAX];
        struct lg_oom_stat stats[LG_OOM_STATS_MAX];
        struct lg_oom_task victims[LG_OOM_VICTIMS_MAX];
        char names[LG_OOM_NAMES_BYTES];
        char text[LG_OOM_TEXT_BYTES];
    } slots[LG_OOM_SLOTS];
};

struct lg_oom_parser *lg_oom_parser_create(const struct lg_oom_options *options,
                                           lg_oom_event_fn *fn, void *context,
                                           struct lg_error *err)
{
    struct block *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) {
        lg_fail_nomem(err);
        return NULL;
    }
    struct lg_oom_parser *p = &b->parser;
    if (options != NULL)
        p->router.options = *options;
    p->router.fn = fn;
    p->router.context = context;
    p->router.open_until = START_BYTES;
    for (int i = 0; i < LG_OOM_SLOTS; i++)
        p->router.reports[i].slot = (struct lg_oom_slot){
            .text = b->slots[i].text,
            .names = b->slots[i].names,
            .rows = b->slots[i].rows,
            .stats = b->slots[i].stats,
            .victims = b->slots[i].victims,
        };
    return p;
}

void lg_oom_parser_destroy(struct lg_oom_parser *p)
{
    if (p != NULL)
        (void)munmap(p, sizeof(struct block));
}

/* ---- lines --------------------------------------------------------------- */

/* A record of several lines: dmesg and journalctl indent all but the first. */
static void inherit(struct lg_oom_parser *p, struct lg_str line,
                    struct lg_oom_prefix *prefix)
{
    if (line.data[0] == ' ' && !prefix->anchored &&
        p->last_line == p->newlines) {
        struct lg_str text = prefix->text;
        *prefix = p->last;
        prefix->text = text;
        prefix->is_plain = true;
    }
    p->last = *prefix;
    p->last_line = p->newlines + 1;
}

/* line without its newline, at p->offset. */
static void take_line(struct lg_oom_parser *p, struct lg_str line)
{
    struct lg_oom_prefix prefix;
    if (line.len > LG_OOM_LINE_MAX_BYTES)
        line.len = LG_OOM_LINE_MAX_BYTES;
    if (line.len != 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return;
    lg_oom_prefix_take(line, &p->router.options, p->scratch, &prefix);
    inherit(p, line, &prefix);
    if (p->has_escapes && prefix.is_plain && prefix.text.len != 0 &&
        memchr(prefix.text.data, '\\', prefix.text.len) != NULL)
        prefix.text = lg_oom_unescape(prefix.text, false, p->scratch);
    lg_oom_route(&p->router, &prefix, line, p->offset, p->newlines + 1);
}

/* The line at `at` of a region: taken, and the place behind its newline. */
static size_t step(struct lg_oom_parser *p, struct lg_str region, size_t at)
{
    const char *begin = region.data + at;
    const char *newline = memchr(begin, '\n', region.len - at);
    size_t len = newline != NULL ? (size_t)(newline - begin) : region.len - at;
    take_line(p, lg_str_from(begin, len));
    p->offset += len + 1;
    p->newlines++;
    return at + len + 1;
}

static size_t line_start(struct lg_str region, size_t from, size_t hit)
{
    const char *newline = memrchr(region.data + from, '\n', hit - from);
    return newline != NULL ? (size_t)(newline - region.data) + 1 : from;
}

/* Whole lines. While a report is open each line is looked at, else only those
 * with a marker word. */
static void take_region(struct lg_oom_parser *p, struct lg_str region)
{
    size_t at = 0;
    /* Else few lines are looked at, and each is searched. */
    p->has_escapes = p->offset >= p->router.open_until ||
                     memchr(region.data, '\\', region.len) != NULL;
    while (at < region.len && !p->router.stopped) {
        if (p->offset < p->router.open_until) {
            at = step(p, region, at);
            continue;
        }
        size_t hit = lg_oom_scan(region, at);
        size_t start =
            hit < region.len ? line_start(region, at, hit) : region.len;
        struct lg_str skipped = {region.data + at, start - at};
        p->newlines += lg_oom_count_newlines(skipped);
        p->offset += skipped.len;
        at = start;
        if (at < region.len)
            at = step(p, region, at);
    }
}

/* Up to the end of the line that an earlier call began. */
static struct lg_str take_carry(struct lg_oom_parser *p, struct lg_str bytes)
{
    struct lg_cut cut = lg_str_cut_char(bytes, '\n');
    size_t room = LG_OOM_LINE_MAX_BYTES - p->carry_len;
    size_t n = cut.head.len < room ? cut.head.len : room;
    memcpy(p->carry + p->carry_len, cut.head.data, n);
    p->carry_len += n;
    p->dropped += cut.head.len - n;
    if (cut.found) {
        size_t len = p->carry_len;
        p->carry[len] = '\n';
        p->carry_len = 0;
        take_region(p, lg_str_from(p->carry, len + 1));
        p->offset += p->dropped;
        p->dropped = 0;
    }
    return cut.tail;
}

static void feed_lines(struct lg_oom_parser *p, struct lg_str bytes)
{
    if (p->carry_len != 0)
        bytes = take_carry(p, bytes);
    const char *last =
        bytes.len != 0 ? memrchr(bytes.data, '\n', bytes.len) : NULL;
    if (last != NULL) {
        size_t len = (size_t)(last - bytes.data) + 1;
        take_region(p, lg_str_first(bytes, len));
        bytes = lg_str_skip(bytes, len);
    }
    if (bytes.len != 0 && !p->router.stopped)
        (void)take_carry(p, bytes);
}

/* ---- records ------------------------------------------------------------- */

/* As dmesg would print it, so that kernel.log is a log again. */
static struct lg_str export_raw(struct lg_oom_parser *p,
                                const struct lg_oom_prefix *prefix)
{
    int n = 0;
    if (prefix->has_uptime)
        n = snprintf(
            p->scratch, 64, "[%5llu.%06llu] ",
            (unsigned long long)(prefix->uptime_ns / LG_NS_PER_S),
            (unsigned long long)(prefix->uptime_ns % LG_NS_PER_S / 1000));
    size_t len = n > 0 ? (size_t)n : 0;
    size_t room = LG_OOM_LINE_MAX_BYTES - len;
    size_t text = prefix->text.len < room ? prefix->text.len : room;
    memcpy(p->scratch + len, prefix->text.data, text);
    return lg_str_from(p->scratch, len + text);
}

static void feed_export(struct lg_oom_parser *p, struct lg_str bytes)
{
    size_t left = bytes.len;
    while (lg_oom_export_feed(&p->export, bytes, &bytes) &&
           !p->router.stopped) {
        p->offset += left - bytes.len;
        left = bytes.len;
        if (p->export.prefix.text.len != 0)
            lg_oom_route(&p->router, &p->export.prefix,
                         export_raw(p, &p->export.prefix), p->offset,
                         p->export.first_line);
        lg_oom_export_next(&p->export);
    }
    p->offset += left - bytes.len;
}

/* ---- the door ------------------------------------------------------------ */

/* The first bytes tell the form; until there are enough they are kept. */
static bool know_form(struct lg_oom_parser *p, struct lg_str *bytes)
{
    struct lg_str magic = EXPORT_MAGIC;
    size_t n = 0;
    while (p->carry_len + n < magic.len && n < bytes->len &&
           bytes->data[n] == magic.data[p->carry_len + n])
        n++;
    if (p->carry_len + n == magic.len) {
        p->form = FORM_EXPORT;
        p->carry_len = 0;
        struct lg_str rest;
        lg_oom_export_init(&p->export, p->carry, p->message);
        (void)lg_oom_export_feed(&p->export, magic, &rest);
        p->offset = magic.len;
        *bytes = lg_str_skip(*bytes, n);
        return true;
    }
    if (n == bytes->len) {
        memcpy(p->carry + p->carry_len, bytes->data, n);
        p->carry_len += n;
        return false;
    }
    p->form = FORM_LINES;
    return true;
}

static bool verdict(const struct lg_oom_parser *p, struct lg_error *err)
{
    return !p->router.stopped || lg_fail(err, LG_CANCELLED, "stopped");
}

bool lg_oom_parser_feed(struct lg_oom_parser *p, struct lg_str bytes,
                        struct lg_error *err)
{
    if (bytes.len == 0 || p->router.stopped)
        return verdict(p, err);
    if (p->form == FORM_UNKNOWN && !know_form(p, &bytes))
        return true;
    if (p->form == FORM_EXPORT)
        feed_export(p, bytes);
    else
        feed_lines(p, bytes);
    lg_oom_route_expire(&p->router, p->offset);
    return verdict(p, err);
}

bool lg_oom_parser_finish(struct lg_oom_parser *p, struct lg_error *err)
{
    if (p->form != FORM_EXPORT && p->carry_len != 0)
        feed_lines(p, LG_STR("\n"));
    if (p->form == FORM_EXPORT)
        feed_export(p, LG_STR("\n\n"));
    lg_oom_route_flush(&p->router, true);
    return verdict(p, err);
}

bool lg_oom_parser_flush(struct lg_oom_parser *p, struct lg_error *err)
{
    lg_oom_route_flush(&p->router, false);
    return verdict(p, err);
}
