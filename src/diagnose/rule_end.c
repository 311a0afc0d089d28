/* SPDX-License-Identifier: Apache-2.0 */
/* not-oom: it ended, but not for memory: a signal from somebody, a panic, a
 * fatal error, an exit. Exit status 0 is no incident. */
#include "diagnose/rule.h"

#include <signal.h>
#include <string.h>

/* Go's runtime exits with this status after a panic or fatal error. */
#define GO_FATAL_STATUS 2
#define NEAR_LIMIT_RATIO 0.9

static const struct lg_signal_event *last_signal(const struct lg_end *end,
                                                 int signal)
{
    for (size_t i = end->signals.count; i-- > 0;) {
        if (end->signals.items[i].signal == signal) {
            return &end->signals.items[i];
        }
    }
    return NULL;
}

static struct lg_str sender_of(struct lg_case *c,
                               const struct lg_signal_event *sent)
{
    if (sent == NULL) {
        return LG_STR("");
    }
    if (sent->from_kernel) {
        return LG_STR(", sent by the kernel");
    }
    if (sent->sender_pid == c->in->subject.pid) {
        return LG_STR(", sent by the program itself");
    }
    if (sent->sender_comm.len == 0) {
        return lg_words(c, ", sent by pid %lld", (long long)sent->sender_pid);
    }
    return lg_words(c, ", sent by %.*s (pid %lld)",
                    LG_STR_ARG(sent->sender_comm), (long long)sent->sender_pid);
}

static const char *name_of(int signal)
{
    const char *name = sigabbrev_np(signal);
    return name != NULL ? name : "?";
}

static void cite_signals(struct lg_case *c, struct lg_finding *f)
{
    lg_each(sent, c->in->end.signals) {
        lg_cite_text(c, f, "signal",
                     lg_words(c, "SIG%s%.*s", name_of(sent->signal),
                              LG_STR_ARG(sender_of(c, sent))),
                     NULL, "record.json");
    }
}

static void explain_signal(struct lg_case *c, struct lg_finding *f)
{
    const struct lg_end *end = &c->in->end;
    const struct lg_signal_event *kill = last_signal(end, end->signal);
    const struct lg_signal_event *term = last_signal(end, SIGTERM);
    struct lg_str by = sender_of(c, kill);
    if (end->signal == SIGKILL && term != NULL && kill != NULL &&
        kill->wall_ns >= term->wall_ns) {
        f->summary = lg_words(
            c, "SIGTERM%.*s, then SIGKILL%.*s %s later, for it had not ended",
            LG_STR_ARG(sender_of(c, term)), LG_STR_ARG(by),
            lg_say_ns(c, (uint64_t)(kill->wall_ns - term->wall_ns)));
        f->fix = LG_STR("Somebody stopped it (a supervisor, a liveness probe, "
                        "a deployment): end within its grace period, or ask "
                        "why it was stopped.");
    } else {
        f->summary =
            lg_words(c,
                     "it was ended by SIG%s%.*s; the kernel reports no "
                     "out-of-memory kill",
                     name_of(end->signal), LG_STR_ARG(by));
        f->fix = LG_STR("Find who sends the signal: a supervisor, a watchdog, "
                        "a liveness probe, a person.");
    }
    f->confidence = kill != NULL ? 0.97 : 0.85;
    cite_signals(c, f);
}

static void explain_fatal(struct lg_case *c, struct lg_finding *f)
{
    static const char *const advice[] = {
        [LG_FATAL_PANIC] = "The panic's own message and stack name the line.",
        [LG_FATAL_STACK_OVERFLOW] =
            "The recursion has no end for this input: check the condition "
            "that should stop it.",
        [LG_FATAL_OUT_OF_MEMORY] =
            "The runtime could not get memory from the system: look at "
            "RLIMIT_AS, vm.overcommit and vm.max_map_count.",
        [LG_FATAL_THREADS] = "Too many threads: bound blocking calls and cgo.",
        [LG_FATAL_DEADLOCK] = "Every goroutine waits for another.",
        [LG_FATAL_CONCURRENT_MAP] = "Guard the map by a mutex.",
        [LG_FATAL_SIGNAL] = "Find who sent the signal.",
        [LG_FATAL_OTHER] = "The runtime's own message names the reason.",
    };
    const struct lg_end *end = &c->in->end;
    const struct lg_goroutines *g = end->fatal_goroutines;
    struct lg_str what = end->fatal.message;
    if (end->fatal.kind == LG_FATAL_STACK_OVERFLOW) {
        what = lg_words(c,
                        "Go stack overflow: a goroutine's stack went beyond "
                        "%s",
                        lg_say_bytes(c, end->fatal.stack_limit_bytes));
    }
    f->summary =
        lg_words(c, "%.*s (exit status %d)", LG_STR_ARG(what), end->exit_code);
    f->fix = lg_str_of(advice[end->fatal.kind]);
    f->confidence = 0.97;
    lg_cite_text(c, f, "last words", end->fatal.message, NULL, "stderr.txt");
    /* A signal from outside strikes wherever the program happens to be. */
    bool has_line =
        g != NULL && g->items.count > 0 && end->fatal.kind != LG_FATAL_SIGNAL;
    if (has_line) {
        const struct lg_goroutine *item = &g->items.items[0];
        const struct lg_frame *frames = lg_goroutine_frames(g, item);
        f->leaf = lg_case_leaf(c, frames, item->frame_count);
        for (uint32_t k = 0; k < item->frame_count; k++) {
            if (lg_case_is_user(c, &frames[k])) {
                f->where = frames[k];
                f->where_role = LG_STR("failed here");
                break;
            }
        }
    }
    if (end->fatal.kind == LG_FATAL_STACK_OVERFLOW &&
        lg_recursion_line(c, &f->where)) {
        f->where_role = LG_STR("calls itself here");
    }
}

static void explain_exit(struct lg_case *c, struct lg_finding *f)
{
    const struct lg_end *end = &c->in->end;
    if (end->fatal.kind != LG_FATAL_NONE) {
        explain_fatal(c, f);
        return;
    }
    f->confidence = 0.95;
    if (end->exit_code == GO_FATAL_STATUS) {
        f->summary = LG_STR("it exited with status 2, which Go's runtime uses "
                            "for panics and fatal errors; the message is in "
                            "its own stderr");
    } else {
        f->summary =
            lg_words(c, "it exited by itself with status %d", end->exit_code);
    }
    f->fix = LG_STR("Look at the program's last log lines: it decided to end.");
    if (end->signals.count > 0) {
        cite_signals(c, f);
    }
}

void lg_judge_not_oom(struct lg_case *c, struct lg_verdict *verdict)
{
    const struct lg_end *end = &c->in->end;
    bool by_signal = end->kind == LG_END_SIGNAL;
    bool by_exit = end->kind == LG_END_EXIT && end->exit_code != 0;
    if (!by_signal && !by_exit) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_NOT_OOM);
    if (f == NULL) {
        return;
    }
    f->proof = LG_STR("signature");
    lg_cite_text(c, f, "how it ended",
                 by_signal ? lg_words(c, "SIG%s", name_of(end->signal))
                           : lg_words(c, "exit status %d", end->exit_code),
                 NULL, "record.json");
    if (by_signal) {
        explain_signal(c, f);
    } else {
        explain_exit(c, f);
    }
    if (c->limit_bytes > 0) {
        lg_cite(c, f, "memory at the end", (double)c->usage_bytes, "bytes",
                NULL, "timeline.csv");
        lg_cite(c, f, "limit", (double)c->limit_bytes, "bytes", NULL,
                "record.json");
    }
    if (by_signal && end->signal == SIGKILL && !end->oom_kill_delta.known) {
        f->confidence = 0.6;
        lg_cite_against(c, f, "the cgroup's count of kills is not known", 0, "",
                        NULL, "record.json");
    }
}
