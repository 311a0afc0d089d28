/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/sb.h"
#include "decode/cgroup_files.h"
#include "decode/oom_log.h"
#include "report/report.h"
#include "sources/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 * 1024, /* stays in the second-level cache */
    WRITE_BYTES = 64 * 1024,
    QUIET_MS = 250, /* then a report has all its lines */
};

enum option { O_FOLLOW, O_JSON, O_SINCE, O_UNTIL };

static const struct lg_option options[] = {
    [O_FOLLOW] = {"follow", 'f', NULL, "wait for further kills"},
    [O_JSON] = {"json", 0, NULL, "one JSON object per kill and line"},
    [O_SINCE] = {"since", 0, "TIME", "only kills from this time on"},
    [O_UNTIL] = {"until", 0, "TIME", "only kills up to this time"},
    {NULL, 0, NULL, NULL},
};

struct oom {
    bool follow, json;
    int64_t since_ns, until_ns; /* 0: not asked */
    const char *file;           /* NULL: the kernel's own log */
    struct lg_text_options text;
    struct lg_arena arena; /* of one event's output */
    struct lg_oom_parser *parser;
    uint64_t found_count, shown_count, undated_count;
    bool checked, is_binary; /* the first bytes are looked at */
    char *buffer;            /* READ_BYTES */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- one kill ------------------------------------------------------------ */

static bool in_time(struct oom *o, const struct lg_oom_event *e)
{
    if (o->since_ns == 0 && o->until_ns == 0)
        return true;
    if (e->wall_ns == 0) {
        o->undated_count++;
        return true;
    }
    return (o->since_ns == 0 || e->wall_ns >= o->since_ns) &&
           (o->until_ns == 0 || e->wall_ns <= o->until_ns);
}

static const struct lg_identity *identity_of(struct oom *o,
                                             const struct lg_oom_event *e,
                                             struct lg_identity *who)
{
    struct lg_str path = e->task_memcg.len != 0 ? e->task_memcg : e->oom_memcg;
    *who = (struct lg_identity){0};
    if (path.len == 0)
        return NULL;
    lg_identity_parse(path, &o->arena, who);
    bool known = who->unit.len != 0 || who->slice.len != 0 ||
                 who->container_id.len != 0 || who->pod_uid.len != 0;
    return known ? who : NULL;
}

static bool to_stdout(void *context, const char *data, size_t len)
{
    (void)context;
    return fwrite_unlocked(data, 1, len, stdout) == len;
}

static bool show_json(const struct lg_oom_event *e,
                      const struct lg_identity *who)
{
    struct lg_json j;
    lg_json_init(&j, to_stdout, NULL, false);
    lg_oom_json_who(e, who, &j);
    return lg_json_finish(&j);
}

static bool show_text(struct oom *o, const struct lg_oom_event *e,
                      const struct lg_identity *who)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &o->arena);
    if (o->shown_count != 0)
        lg_sb_char(&sb, '\n');
    lg_oom_text_who(e, who, &o->text, &sb);
    struct lg_str bytes = lg_sb_view(&sb);
    return !sb.failed && to_stdout(NULL, bytes.data, bytes.len);
}

static bool show(void *context, const struct lg_oom_event *e)
{
    struct oom *o = context;
    struct lg_identity who;
    o->found_count++;
    if (!in_time(o, e))
        return true;
    lg_arena_reset(&o->arena);
    const struct lg_identity *known = identity_of(o, e, &who);
    if (!(o->json ? show_json(e, known) : show_text(o, e, known)))
        return false;
    o->shown_count++;
    return !o->follow || fflush(stdout) == 0;
}

/* ---- reading ------------------------------------------------------------- */

/* What a log never starts with. */
static const char *packed_with(struct lg_str s)
{
    static const struct {
        struct lg_str magic;
        const char *tool;
    } kinds[] = {
        {LG_STR("\x1f\x8b"), "zcat"},
        {LG_STR("\xfd"
                "7zXZ"),
         "xzcat"},
        {LG_STR("\x28\xb5\x2f\xfd"), "zstdcat"},
        {LG_STR("BZh"), "bzcat"},
    };
    for (size_t i = 0; i < LG_COUNT(kinds); i++)
        if (lg_str_starts(s, kinds[i].magic))
            return kinds[i].tool;
    return NULL;
}

/* More than a tenth control characters: not a log, whatever the encoding. */
static bool is_binary(struct lg_str s)
{
    size_t odd = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        odd += (c < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != 0x1b) ||
               c == 0x7f;
    }
    return odd * 10 > s.len;
}

static bool feed(struct oom *o, size_t len, struct lg_error *err)
{
    struct lg_str bytes = {o->buffer, len};
    if (!o->checked && len != 0) {
        const char *tool = packed_with(bytes);
        const char *name = o->file != NULL ? o->file : "the input";
        if (tool != NULL)
            return lg_fail(err, LG_BAD_DATA,
                           "%s is compressed: %s %s | lastgasp oom -", name,
                           tool, o->file != NULL ? o->file : "FILE");
        o->is_binary = is_binary(bytes);
        o->checked = true;
    }
    return lg_oom_parser_feed(o->parser, bytes, err);
}

/* false: interrupted. *quiet: nothing came for a while. */
static bool wait_for(int fd, int timeout_ms, bool *quiet)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n = poll(&p, 1, timeout_ms);
    *quiet = n == 0;
    return interrupted == 0;
}

static bool read_fd(struct oom *o, int fd, struct lg_error *err)
{
    for (;;) {
        bool quiet = false;
        if (o->follow && !wait_for(fd, QUIET_MS, &quiet))
            return true;
        if (quiet) {
            if (!lg_oom_parser_flush(o->parser, err))
                return false;
            continue;
        }
        ssize_t n = read(fd, o->buffer, READ_BYTES);
        if (n < 0 && errno == EINTR && interrupted == 0)
            continue;
        if (n < 0 && errno == EINTR)
            return true;
        if (n < 0)
            return lg_fail_os(err, errno, "cannot read %s",
                              o->file != NULL ? o->file : "standard input");
        if (n == 0)
            return true;
        if (!feed(o, (size_t)n, err))
            return false;
    }
}

static bool read_file(struct oom *o, struct lg_error *err)
{
    LG_CLOSE
    int fd = open(o->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return lg_fail_os(err, errno, "cannot open %s", o->file);
    if (S_ISDIR(st.st_mode))
        return lg_fail(err, LG_USAGE, "%s is a folder, not a log", o->file);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return read_fd(o, fd, err);
}

/* At the newest record: done, or wait for more. */
static bool kernel_wait(struct oom *o, const struct lg_kmsg *k, bool end,
                        bool *done, struct lg_error *err)
{
    bool quiet = false;
    *done = end && (k->is_journal || !o->follow);
    if (*done)
        return true;
    *done = !wait_for(k->fd, QUIET_MS, &quiet);
    return !quiet || lg_oom_parser_flush(o->parser, err);
}

static bool read_kernel(struct oom *o, struct lg_kmsg *k, struct lg_error *err)
{
    bool done = false, said = false;
    while (!done && interrupted == 0) {
        size_t len = 0;
        bool end = false, lost = false;
        if (!lg_kmsg_read(k, o->buffer, READ_BYTES, &len, &end, &lost, err))
            return false;
        if (lost && !said)
            lg_cmd_say("the kernel has overwritten lines of its log before "
                       "they could be read");
        said = said || lost;
        if (len != 0 ? !feed(o, len, err) : !kernel_wait(o, k, end, &done, err))
            return false;
    }
    return true;
}

static bool make_parser(struct oom *o, const struct lg_host *host,
                        struct lg_error *err)
{
    struct lg_oom_options how = {.now_ns = lg_wall_ns(host->clock)};
    time_t now = (time_t)(how.now_ns / (int64_t)LG_NS_PER_S);
    struct tm local;
    if (localtime_r(&now, &local) != NULL)
        how.utc_offset_s = (int32_t)local.tm_gmtoff;
    if (o->file == NULL)
        how.boot_wall_ns = lg_boot_wall_ns(host);
    o->parser = lg_oom_parser_create(&how, show, o, err);
    return o->parser != NULL;
}

static bool read_all(struct oom *o, struct lg_error *err)
{
    struct lg_host host;
    struct lg_kmsg k;
    if (!lg_host_init(&host, NULL, err))
        return false;
    bool ok = make_parser(o, &host, err);
    if (ok && o->file == NULL) {
        ok = lg_kmsg_open(&k, &host, false, o->follow, err);
        if (ok) {
            ok = read_kernel(o, &k, err);
            lg_kmsg_close(&k);
        }
    } else if (ok) {
        ok = strcmp(o->file, "-") == 0 ? read_fd(o, STDIN_FILENO, err)
                                       : read_file(o, err);
    }
    lg_host_deinit(&host);
    return ok && lg_oom_parser_finish(o->parser, err);
}

/* ---- the command --------------------------------------------------------- */

static int result_of(const struct oom *o)
{
    const char *name = o->file == NULL             ? "the kernel log"
                       : strcmp(o->file, "-") == 0 ? "standard input"
                                                   : o->file;
    if (o->undated_count != 0)
        lg_cmd_say("%s does not say when its kills were: --since and --until "
                   "do not apply to %llu of them",
                   name, (unsigned long long)o->undated_count);
    if (o->shown_count != 0 || o->follow)
        return LG_EXIT_OK;
    if (o->found_count == 0 && o->is_binary) {
        lg_cmd_say("%s is not a text log, and no OOM kill was found in it",
                   name);
        return LG_EXIT_CORRUPT;
    }
    lg_cmd_say("no OOM kill in %s%s", name,
               o->found_count != 0 ? " in that time" : "");
    return LG_EXIT_NOTHING;
}

static int run_oom(struct oom *o)
{
    struct lg_error err = {0};
    struct sigaction action = {.sa_handler = on_signal};
    if (o->follow) { /* without SA_RESTART: a wait must end */
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
    }
    (void)setvbuf(stdout, NULL, _IOFBF, WRITE_BYTES);
    lg_arena_init(&o->arena, 0);
    o->buffer = malloc(READ_BYTES);
    bool ok = o->buffer != NULL ? read_all(o, &err) : lg_fail_nomem(&err);
    lg_oom_parser_destroy(o->parser);
    free(o->buffer);
    lg_arena_deinit(&o->arena);
    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE)
        ok = lg_fail_os(&err, errno, "cannot write to standard output");
    /* A log that is not there is no log without kills. */
    if (err.kind == LG_ABSENT)
        err.kind = LG_OS;
    return ok ? result_of(o) : lg_cmd_fail(&err);
}

static bool stdin_is_piped(void)
{
    struct stat st;
    return fstat(STDIN_FILENO, &st) == 0 &&
           (S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode));
}

static int take_operands(struct oom *o, const struct lg_args *a)
{
    if (a->operand_count > 1) {
        lg_cmd_say("oom reads one log: %s is one too many", a->operands[1]);
        return LG_EXIT_USAGE;
    }
    if (a->operand_count == 1)
        o->file = a->operands[0];
    else if (stdin_is_piped())
        o->file = "-";
    if (o->follow && o->file != NULL && strcmp(o->file, "-") != 0) {
        lg_cmd_say("--follow follows the kernel's log; for a file: tail -F "
                   "%s | lastgasp oom --follow -",
                   o->file);
        return LG_EXIT_USAGE;
    }
    return LG_EXIT_OK;
}

static int cmd_oom(const struct lg_command *self, int argc, char **argv)
{
    struct oom o = {.text = {.color = lg_cmd_color(STDOUT_FILENO),
                             .columns = lg_cmd_columns(STDOUT_FILENO)}};
    struct lg_args a;
    struct lg_error err = {0};
    LG_FREE
    const char **operands = calloc((size_t)argc, sizeof *operands);
    int64_t now_ns = lg_wall_ns(&lg_clock_system);
    if (operands == NULL) {
        lg_fail_nomem(&err);
        return lg_cmd_fail(&err);
    }
    lg_args_init(&a, self, argc, argv, operands);
    for (int option; (option = lg_args_next(&a)) != LG_ARGS_END;) {
        bool ok = true;
        if (option == LG_ARGS_BAD)
            return LG_EXIT_USAGE;
        if (option == LG_ARGS_HELP)
            return LG_EXIT_OK;
        if (option == O_FOLLOW)
            o.follow = true;
        else if (option == O_JSON)
            o.json = true;
        else if (option == O_SINCE)
            ok = lg_cmd_time(a.value, now_ns, &o.since_ns, &err);
        else
            ok = lg_cmd_time(a.value, now_ns, &o.until_ns, &err);
        if (!ok)
            return lg_cmd_fail(&err);
    }
    lg_args_take_rest(&a);
    int code = take_operands(&o, &a);
    return code == LG_EXIT_OK ? run_oom(&o) : code;
}

const struct lg_command lg_cmd_oom = {
    .name = "oom",
    .summary = "what the kernel says of its OOM kills",
    .usage = "[OPTIONS] [FILE|-]",
    .options = options,
    .details =
        "Reads the kernel's log (/dev/kmsg, else the journal), a FILE, or\n"
        "standard input: dmesg, syslog, journalctl in any output format,\n"
        "consoles and JSON lines of collectors, from Linux 3.10 on.\n"
        "Exit status: 0 kills were found, 3 none, 5 not a log, 6 not "
        "permitted.\n",
    .run = cmd_oom,
};
