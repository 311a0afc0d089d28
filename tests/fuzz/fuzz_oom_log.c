/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a kernel log, at once and in pieces: the same events. The first
 * byte is the size of the pieces. */
#include "decode/oom_log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct seen {
    uint64_t events, hash;
};

static void mix(struct seen *s, struct lg_str text)
{
    s->hash = s->hash * 1099511628211u + lg_str_hash(text);
}

static bool take(void *context, const struct lg_oom_event *e)
{
    struct seen *s = context;
    s->events++;
    s->hash = s->hash * 31 + e->line_first * 7 + e->line_last;
    mix(s, e->text);
    mix(s, e->oom_memcg);
    mix(s, e->task_memcg);
    mix(s, e->trigger_comm);
    lg_each(v, e->victims) {
        mix(s, v->comm);
        s->hash += (uint64_t)v->pid;
    }
    lg_each(t, e->tasks)
        mix(s, t->comm);
    lg_each(stat, e->stats)
        mix(s, stat->name);
    if (e->line_first > e->line_last || e->text.len == 0)
        abort();
    return true;
}

static struct seen run(struct lg_str log, size_t piece)
{
    struct seen seen = {0};
    struct lg_oom_options options = {.now_ns = INT64_C(1795262400000000000)};
    struct lg_oom_parser *p = lg_oom_parser_create(&options, take, &seen, NULL);
    if (p == NULL)
        return seen;
    while (log.len != 0) {
        struct lg_str part = lg_str_first(log, piece);
        (void)lg_oom_parser_feed(p, part, NULL);
        log = lg_str_skip(log, part.len);
    }
    (void)lg_oom_parser_finish(p, NULL);
    lg_oom_parser_destroy(p);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1)
        return 0;
    struct lg_str log = lg_str_from(data + 1, len - 1);
    struct seen whole = run(log, len);
    struct seen parts = run(log, (size_t)data[0] + 1);
    if (whole.events != parts.events || whole.hash != parts.hash)
        abort();
    return 0;
}
