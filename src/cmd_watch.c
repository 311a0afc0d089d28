/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_watch.h"

#include "base/io.h"
#include "base/sb.h"
#include "explain.h"
#include "store/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct screen {
    bool live, color;
    int columns;
    bool line_is_up; /* a live line stands there and is to be cleared */
    bool quiet;
};

static void clear_line(struct screen *screen)
{
    if (screen->line_is_up) {
        fputs("\r\033[K", stderr);
        screen->line_is_up = false;
    }
}

static void say_note(void *context, const char *sentence)
{
    struct screen *screen = context;
    if (screen->quiet) {
        return;
    }
    clear_line(screen);
    lg_cmd_say("%s", sentence);
}

static void add_rate(struct lg_sb *sb, double rate)
{
    bool falls = rate < 0;
    lg_sb_cstr(sb, falls ? "  −" : "  +");
    lg_sb_bytes(sb, (uint64_t)(falls ? -rate : rate));
    lg_sb_cstr(sb, "/s");
}

static void build_line(struct lg_sb *sb, const struct lg_session_status *now)
{
    lg_sb_bytes(sb, now->usage_bytes);
    if (now->limit_bytes != 0) {
        lg_sb_cstr(sb, " of ");
        lg_sb_bytes(sb, now->limit_bytes);
        lg_sb_fmt(sb, " (%.0f %%)",
                  100.0 * (double)now->usage_bytes / (double)now->limit_bytes);
    }
    add_rate(sb, now->rate_bytes_per_s);
    if (now->time_left_ns != UINT64_MAX) {
        lg_sb_cstr(sb, "  limit in ");
        lg_sb_duration(sb, now->time_left_ns);
    }
    if (now->goroutines.known) {
        lg_sb_cstr(sb, "  ");
        lg_sb_count(sb, now->goroutines.value);
        lg_sb_cstr(sb, " goroutines");
    }
    lg_sb_fmt(sb, "  %u captures%s", now->captures, now->capturing ? " …" : "");
}

static void show_status(void *context, const struct lg_session_status *now)
{
    struct screen *screen = context;
    char memory[1024];
    struct lg_arena arena;
    struct lg_sb sb;
    if (!screen->live) {
        return;
    }
    lg_arena_init_fixed(&arena, memory, sizeof memory);
    lg_sb_init(&sb, &arena);
    build_line(&sb, now);
    struct lg_str text =
        lg_str_first(lg_sb_view(&sb), (size_t)(screen->columns - 1));
    fprintf(stderr, "\r\033[K%s%.*s%s", screen->color ? "\033[2m" : "",
            LG_STR_ARG(text), screen->color ? "\033[0m" : "");
    fflush(stderr);
    screen->line_is_up = true;
}

/* The word's place in a list; an exit code when it is none of them. */
static int take_word(const struct lg_option *option, const char *value,
                     const char *const *words, unsigned *ret)
{
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(value, words[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    lg_cmd_say("--%s %s: give %s, %s or %s", option->name, value, words[0],
               words[1], words[2]);
    return LG_EXIT_USAGE;
}

static int take_choice(struct lg_watch *watch, const struct lg_option *option,
                       const char *value, bool *known_ret)
{
    static const char *const sources[] = {"auto", "memory", "http"};
    static const char *const when[] = {"auto", "never", "always"};
    unsigned choice = 0;
    int failed = 0;
    if (strcmp(option->name, "source") == 0) {
        failed = take_word(option, value, sources, &choice);
        watch->from = (enum lg_capture_from)choice;
    } else if (strcmp(option->name, "heap-profile") == 0) {
        failed = take_word(option, value, when, &choice);
        watch->heap_profile = (enum lg_heap_profile)choice;
    } else {
        *known_ret = false;
    }
    return failed;
}

int lg_watch_option(struct lg_watch *watch, const struct lg_option *option,
                    const char *value, bool *known_ret)
{
    struct lg_error err = {0};
    *known_ret = true;
    switch (option->letter) {
    case 'f':
        if (!lg_str_duration(lg_str_of(value), &watch->for_ns) ||
            watch->for_ns == 0) {
            lg_cmd_say("--for %s: give a time such as 90s, 5m or 1h30m", value);
            return LG_EXIT_USAGE;
        }
        return 0;
    case 'p':
        watch->pprof_url = value;
        return 0;
    case 'r':
        if (watch->report_count == LG_WATCH_MAX_REPORTS) {
            lg_cmd_say("--report: at most %d files", LG_WATCH_MAX_REPORTS);
            return LG_EXIT_USAGE;
        }
        if (!lg_explain_check_path(value, &err)) {
            return lg_cmd_fail(&err);
        }
        watch->reports[watch->report_count++] = value;
        return 0;
    case 's':
        watch->state_dir = value;
        return 0;
    case 'q':
        watch->quiet = true;
        return 0;
    default:
        return take_choice(watch, option, value, known_ret);
    }
}

static int exit_code_of(const struct lg_session_result *result)
{
    if (!result->has_status) {
        return LG_EXIT_OK;
    }
    return WIFSIGNALED(result->wait_status)
               ? 128 + WTERMSIG(result->wait_status)
               : WEXITSTATUS(result->wait_status);
}

static bool print_verdict(const struct lg_watch *watch, struct lg_report *r,
                          struct screen *screen, struct lg_error *err)
{
    clear_line(screen);
    bool ok = true;
    if (!watch->quiet) {
        ok = lg_explain_print(STDERR_FILENO, r, false, err);
    }
    for (int i = 0; i < watch->report_count; i++) {
        if (!lg_explain_write(watch->reports[i], r, err)) {
            (void)lg_cmd_fail(err);
            ok = false;
        }
    }
    return ok;
}

/* What the recorder wrote is read back: the same way as a stored incident. */
static bool explain(const struct lg_watch *watch, struct lg_store *store,
                    const char *id, const char *folder, struct screen *screen,
                    struct lg_error *err)
{
    struct lg_arena arena;
    struct lg_incident incident;
    struct lg_verdict verdict;
    lg_arena_init(&arena, 0);
    bool ok = lg_explain_folder(folder, &arena, &incident, &verdict, err);
    if (ok) {
        struct lg_report report = {
            .incident = &incident,
            .verdict = &verdict,
            .folder = lg_str_of(folder),
        };
        ok = lg_explain_keep(folder, &report, err);
        ok = lg_store_commit(store, id, &incident, &verdict, err) && ok;
        ok = print_verdict(watch, &report, screen, err) && ok;
    }
    lg_arena_deinit(&arena);
    return ok;
}

struct recording {
    struct lg_store *store;
    struct lg_host host;
    char id[16];
    char folder[4096];
    int folder_fd;
};

static struct lg_str name_of(const struct lg_watch *watch)
{
    if (watch->argv == NULL) {
        return LG_STR("attach");
    }
    struct lg_str path = lg_str_of(watch->argv[0]);
    struct lg_cut cut = lg_str_rcut_char(path, '/');
    return cut.found ? cut.tail : path;
}

static bool open_recording(const struct lg_watch *watch, struct recording *r,
                           struct screen *screen, struct lg_error *err)
{
    struct lg_str note = {NULL, 0};
    memset(r, 0, sizeof *r);
    r->folder_fd = -1;
    r->host.root_fd = -1;
    if (!lg_host_init(&r->host, NULL, err) ||
        !lg_store_open(watch->state_dir, &r->store, &note, err)) {
        return false;
    }
    if (note.len > 0) {
        char text[512];
        snprintf(text, sizeof text, "%.*s", LG_STR_ARG(note));
        say_note(screen, text);
    }
    if (!lg_store_begin(r->store, watch->attach_pid, name_of(watch),
                        lg_wall_ns(r->host.clock), r->id, &r->folder_fd, err)) {
        return false;
    }
    int len = snprintf(r->folder, sizeof r->folder, "%s/incidents/%s",
                       lg_store_path(r->store), r->id);
    return (len > 0 && (size_t)len < sizeof r->folder) ||
           lg_fail(err, LG_LIMIT, "the path of the state folder is too long");
}

static void close_recording(struct recording *r)
{
    lg_close_p(&r->folder_fd);
    if (r->store != NULL) {
        lg_store_close(r->store);
    }
    if (r->host.root_fd >= 0) {
        lg_host_deinit(&r->host);
    }
}

/* Nothing ran: nothing is to be kept. */
static int give_up(struct recording *r, const struct lg_error *err)
{
    if (r->store != NULL && r->id[0] != '\0') {
        (void)lg_store_remove(r->store, r->id, NULL);
    }
    close_recording(r);
    return lg_cmd_fail(err);
}

int lg_watch_run(const struct lg_watch *watch)
{
    struct lg_error err = {0};
    struct recording r;
    struct lg_session_result result = {0};
    struct screen screen = {
        .columns = lg_cmd_columns(STDERR_FILENO),
        .color = lg_cmd_color(STDERR_FILENO),
        .quiet = watch->quiet,
    };
    screen.live = screen.columns > 20 && !watch->quiet;
    if (!open_recording(watch, &r, &screen, &err)) {
        return give_up(&r, &err);
    }
    struct lg_session_options options = {
        .host = &r.host,
        .folder_fd = r.folder_fd,
        .id = r.id,
        .argv = watch->argv,
        .attach_pid = watch->attach_pid,
        .memory_max_bytes = watch->memory_max_bytes,
        .for_ns = watch->for_ns,
        .pprof_url = watch->pprof_url,
        .from = watch->from,
        .heap_profile = watch->heap_profile,
        .status = show_status,
        .note = say_note,
        .context = &screen,
    };
    if (!lg_session_run(&options, &result, &err)) {
        return give_up(&r, &err);
    }
    bool explained = explain(watch, r.store, r.id, r.folder, &screen, &err);
    if (!explained) {
        (void)lg_cmd_fail(&err);
    }
    close_recording(&r);
    if (watch->argv == NULL) {
        return explained ? LG_EXIT_OK : LG_EXIT_FAILED;
    }
    return exit_code_of(&result);
}
