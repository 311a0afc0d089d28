/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/oom_watch.h"

#include "decode/oom_log.h"
#include "sources/kmsg.h"

#include <stdlib.h>
#include <string.h>

/* A report of a large host has thousands of tasks; the text of a few such fit.
 * What no longer fits is left out whole, report by report. */
#define TEXT_CAPACITY_BYTES ((size_t)1 << 20)
#define MAX_VICTIMS 256
/* A kmsg record is at most CONSOLE_EXT_LOG_MAX (8 KiB, Linux 6.18). */
#define RECORD_BYTES 16384

struct lg_oom_watch {
    struct lg_kmsg kmsg;
    struct lg_oom_parser *parser;
    char *text;
    size_t text_len;
    int64_t victims[MAX_VICTIMS];
    size_t victim_count, kill_count;
    struct lg_str cgroup; /* empty: any */
    int64_t pid;
    char record[RECORD_BYTES];
};

/* One is the other, or lies in it, as far as two namespaces can tell: a path
 * that is seen from inside lacks the beginning. */
static bool is_related(struct lg_str a, struct lg_str b)
{
    return a.len <= 1 || b.len <= 1 || lg_str_starts(a, b) ||
           lg_str_starts(b, a) || lg_str_ends(a, b) || lg_str_ends(b, a) ||
           lg_str_contains(a, lg_str_rcut_char(b, '/').tail) ||
           lg_str_contains(b, lg_str_rcut_char(a, '/').tail);
}

static bool concerns_us(const struct lg_oom_watch *watch,
                        const struct lg_oom_event *event)
{
    if (watch->cgroup.len == 0 || event->scope != LG_OOM_MEMCG ||
        event->oom_memcg.len == 0) {
        return true;
    }
    lg_each(victim, event->victims) {
        if (victim->pid == watch->pid) {
            return true;
        }
    }
    return is_related(event->oom_memcg, watch->cgroup);
}

static bool keep_event(void *context, const struct lg_oom_event *event)
{
    struct lg_oom_watch *watch = context;
    if (!concerns_us(watch, event)) {
        return true;
    }
    watch->kill_count++;
    lg_each(victim, event->victims) {
        if (watch->victim_count < MAX_VICTIMS) {
            watch->victims[watch->victim_count++] = victim->pid;
        }
    }
    size_t len = event->text.len;
    if (len > 0 && len + 1 <= TEXT_CAPACITY_BYTES - watch->text_len) {
        memcpy(watch->text + watch->text_len, event->text.data, len);
        watch->text_len += len;
        if (watch->text[watch->text_len - 1] != '\n') {
            watch->text[watch->text_len++] = '\n';
        }
    }
    return true;
}

bool lg_oom_watch_create(const struct lg_host *host,
                         struct lg_oom_watch **watch_ret, struct lg_error *err)
{
    struct lg_oom_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return lg_fail_nomem(err);
    }
    watch->kmsg = (struct lg_kmsg){.fd = -1};
    watch->text = malloc(TEXT_CAPACITY_BYTES);
    struct lg_oom_options options = {.boot_wall_ns = lg_boot_wall_ns(host)};
    bool ok = watch->text != NULL || lg_fail_nomem(err);
    ok = ok && lg_kmsg_open(&watch->kmsg, host, true, true, err);
    watch->parser =
        ok ? lg_oom_parser_create(&options, keep_event, watch, err) : NULL;
    if (watch->parser == NULL) {
        lg_oom_watch_destroy(watch);
        return false;
    }
    *watch_ret = watch;
    return true;
}

void lg_oom_watch_only(struct lg_oom_watch *watch, struct lg_str cgroup,
                       int64_t pid)
{
    watch->cgroup = cgroup;
    watch->pid = pid;
}

void lg_oom_watch_destroy(struct lg_oom_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    lg_oom_parser_destroy(watch->parser);
    if (watch->kmsg.fd >= 0) {
        lg_kmsg_close(&watch->kmsg);
    }
    free(watch->text);
    free(watch);
}

int lg_oom_watch_fd(const struct lg_oom_watch *watch)
{
    return watch->kmsg.fd;
}

void lg_oom_watch_pump(struct lg_oom_watch *watch)
{
    size_t len = 0;
    bool end = false, lost = false;
    while (lg_kmsg_read(&watch->kmsg, watch->record, sizeof watch->record, &len,
                        &end, &lost, NULL) &&
           len > 0 && !end) {
        if (!lg_oom_parser_feed(watch->parser, lg_str_from(watch->record, len),
                                NULL)) {
            return;
        }
    }
}

void lg_oom_watch_flush(struct lg_oom_watch *watch)
{
    (void)lg_oom_parser_flush(watch->parser, NULL);
}

bool lg_oom_watch_saw_victim(const struct lg_oom_watch *watch, int64_t pid)
{
    for (size_t i = 0; i < watch->victim_count; i++) {
        if (watch->victims[i] == pid) {
            return true;
        }
    }
    return false;
}

size_t lg_oom_watch_count(const struct lg_oom_watch *watch)
{
    return watch->kill_count;
}

struct lg_str lg_oom_watch_text(const struct lg_oom_watch *watch)
{
    return lg_str_from(watch->text, watch->text_len);
}
