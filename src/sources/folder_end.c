/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/folder_internal.h"

#include "decode/cgroup_files.h"
#include "decode/goroutine_text.h"
#include "decode/oom_log.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* A host that kills every few seconds, for a day. */
#define MAX_EVENTS 10000

static bool add_event(void *context, const struct lg_oom_event *event)
{
    struct lg_folder *f = context;
    if (f->in->oom_events.count >= MAX_EVENTS)
        return false;
    struct lg_oom_event copy;
    if (!lg_oom_event_copy(event, f->arena, &copy))
        return false;
    struct lg_oom_event *slot = lg_push(f->arena, &f->in->oom_events);
    if (slot == NULL)
        return false;
    *slot = copy;
    return true;
}

/* Syslog's dates have no year; the file's own is the best guess. */
static struct lg_oom_parser *parser_for(struct lg_folder *f, int64_t mtime_ns,
                                        struct lg_error *err)
{
    struct tm tm = {0};
    time_t seconds = (time_t)(mtime_ns / 1000000000);
    struct lg_oom_options options = {0};
    if (gmtime_r(&seconds, &tm) != NULL)
        options.year = tm.tm_year + 1900;
    return lg_oom_parser_create(&options, add_event, f, err);
}

static bool feed_file(struct lg_oom_parser *p, int fd, struct lg_error *err)
{
    char buffer[32768];
    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lg_fail_os(err, errno, "the kernel log");
        if (n == 0)
            return lg_oom_parser_finish(p, err);
        if (!lg_oom_parser_feed(p, lg_str_from(buffer, (size_t)n), err))
            return false;
    }
}

/* Enough events, or memory gone, also end a parse: no error of the log. */
static bool was_stopped(const struct lg_folder *f)
{
    return f->in->oom_events.count >= MAX_EVENTS || f->arena->failed;
}

bool lg_folder_kernel_log(struct lg_folder *f, int fd, int64_t mtime_ns,
                          struct lg_error *err)
{
    struct lg_oom_parser *p = parser_for(f, mtime_ns, err);
    bool ok = p != NULL && (feed_file(p, fd, err) || was_stopped(f));
    lg_oom_parser_destroy(p);
    return ok;
}

bool lg_folder_kernel_text(struct lg_folder *f, struct lg_str text,
                           int64_t mtime_ns, struct lg_error *err)
{
    struct lg_oom_parser *p = parser_for(f, mtime_ns, err);
    bool ok =
        p != NULL &&
        ((lg_oom_parser_feed(p, text, err) && lg_oom_parser_finish(p, err)) ||
         was_stopped(f));
    lg_oom_parser_destroy(p);
    return ok;
}

static void fill_subject(struct lg_folder *f, const struct lg_oom_event *e)
{
    struct lg_subject *s = &f->in->subject;
    const struct lg_oom_task *victim = lg_oom_victim_of(e, s, true);
    if (victim == NULL)
        victim = lg_oom_victim_of(e, s, false);
    if (s->pid == 0 && victim != NULL)
        s->pid = victim->pid;
    if (s->comm.len == 0 && victim != NULL)
        s->comm = victim->comm;
    if (s->cgroup.len == 0) {
        s->cgroup = e->task_memcg;
        lg_identity_parse(s->cgroup, f->arena, &s->identity);
    }
    if (!s->limit_bytes.known && e->limit_bytes.known) {
        s->limit_bytes = e->limit_bytes;
        s->limit_source = LG_STR("kernel log");
    }
}

void lg_folder_choose_oom(struct lg_folder *f)
{
    struct lg_end *end = &f->in->end;
    const struct lg_oom_event *e = lg_incident_oom_of_subject(f->in);
    if (e == NULL)
        return;
    end->has_oom = true;
    end->oom = *e;
    /* A recorder that saw only SIGKILL, or died first, did not know. */
    if (end->kind == LG_END_UNKNOWN || end->kind == LG_END_SIGNAL)
        end->kind = LG_END_OOM_KILL;
    if (end->wall_ns == 0)
        end->wall_ns = e->wall_ns;
    fill_subject(f, e);
}

bool lg_folder_last_words(struct lg_folder *f, struct lg_str text)
{
    struct lg_end *end = &f->in->end;
    struct lg_fatal fatal;
    if (!lg_fatal_parse(text, &fatal))
        return false;
    end->fatal = fatal;
    end->fatal_goroutines = NULL;
    struct lg_goroutines *g = lg_new(f->arena, struct lg_goroutines, 1);
    if (g != NULL && fatal.dump.len > 0 &&
        lg_goroutine_text_parse(fatal.dump, f->arena, g, NULL))
        end->fatal_goroutines = g;
    return true;
}
