/* SPDX-License-Identifier: Apache-2.0 */
#include "record/session_internal.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* stat, threads and descriptors are read at most this often. */
#define DETAIL_GAP_NS (200 * LG_NS_PER_MS)
/* A row is kept when this time has passed, or usage moved by this share. */
#define ROW_GAP_NS (250 * LG_NS_PER_MS)
#define ROW_STEP_RATIO 0.005
/* Syncing waits for the disk, and nobody samples meanwhile; what the machine's
 * own end could take is this much. */
#define SYNC_GAP_NS (2 * LG_NS_PER_S)
#define CSV_NAME "timeline.csv"
/* Room for all rows as text, taken at the start: when the file is written anew
 * memory may be gone. */
#define CSV_ROOM_BYTES ((size_t)1 << 20)
/* How far back the growth rate looks; the shorter window sees bursts. */
#define LONG_WINDOW_NS (2 * LG_NS_PER_S)
#define SHORT_WINDOW_NS (200 * LG_NS_PER_MS)

static void write_csv(struct lg_session *s, struct lg_sb *sb)
{
    if (!sb->failed && s->csv_fd >= 0) {
        struct lg_str text = lg_sb_view(sb);
        (void)lg_write_all(s->csv_fd, text.data, text.len, NULL);
    }
}

static bool open_csv(struct lg_session *s, struct lg_error *err)
{
    s->csv_fd = openat(s->options->folder_fd, CSV_NAME,
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (s->csv_fd < 0) {
        return lg_fail_os(err, errno, CSV_NAME);
    }
    return true;
}

bool lg_session_open_timeline(struct lg_session *s, struct lg_error *err)
{
    struct lg_sb sb;
    lg_timeline_init(&s->timeline, s->rows, LG_SESSION_ROWS);
    if (!open_csv(s, err)) {
        return false;
    }
    if (lg_arena_alloc(&s->scratch, CSV_ROOM_BYTES, 1) == NULL) {
        return lg_fail_nomem(err);
    }
    lg_arena_reset(&s->scratch); /* it stays there */
    lg_sb_init(&sb, &s->scratch);
    lg_timeline_csv_header(&sb);
    write_csv(s, &sb);
    lg_arena_reset(&s->scratch);
    return true;
}

/* The rows in memory were thinned: the file follows, so that it stays small
 * however long the program runs. */
static void rewrite_csv(struct lg_session *s)
{
    struct lg_sb sb;
    lg_sb_init(&sb, &s->scratch);
    lg_timeline_csv_header(&sb);
    for (size_t i = 0; i < s->timeline.count; i++) {
        lg_timeline_csv_row(&sb, &s->timeline.rows[i]);
    }
    if (!sb.failed && lg_write_file(s->options->folder_fd, CSV_NAME,
                                    lg_sb_view(&sb), 0644, NULL)) {
        lg_close_p(&s->csv_fd);
        (void)open_csv(s, NULL);
    }
    lg_arena_reset(&s->scratch);
}

void lg_session_sync_timeline(struct lg_session *s)
{
    uint64_t now = lg_session_now(s);
    if (s->csv_fd >= 0 &&
        (s->child_ended || now >= s->synced_at_ns + SYNC_GAP_NS)) {
        s->synced_at_ns = now;
        (void)fdatasync(s->csv_fd);
    }
}

static void read_cgroup(struct lg_session *s, bool in_detail);

/* In a thread: the kernel waits for an RCU period at each mark (15 ms each on
 * Linux 6.18), in which the main thread would not look. */
static void *set_marks(void *context)
{
    static const unsigned percents[] = {20, 30, 40, 50, 60, 70, 80, 88, 94};
    struct lg_session *s = context;
    for (size_t i = 0; i < LG_COUNT(percents); i++) {
        int fd = -1;
        uint64_t mark = s->trigger.limit_bytes / 100 * percents[i];
        if (!lg_cgroup_usage_mark(s->host, &s->place, mark, &fd, NULL)) {
            break; /* v2: sampling alone must see it */
        }
        s->mark_fds[s->mark_count++] = fd;
        (void)lg_session_epoll_add(s, fd);
    }
    return NULL;
}

void lg_session_close_marks(struct lg_session *s)
{
    if (s->has_marks_thread) {
        (void)pthread_join(s->marks_thread, NULL);
    }
    for (size_t i = 0; i < s->mark_count; i++) {
        close(s->mark_fds[i]);
    }
}

void lg_session_open_samplers(struct lg_session *s)
{
    struct lg_error err = {0};
    s->has_process_sampler = lg_process_sampler_open(
        &s->process_sampler, s->host, s->subject.pid, &err);
    if (!s->has_process_sampler) {
        lg_session_absent(s, LG_GONE, "process samples", &err);
    }
    if (!s->has_place || s->has_cgroup_sampler) {
        return;
    }
    s->has_cgroup_sampler =
        lg_cgroup_sampler_open(&s->cgroup_sampler, s->host, &s->place, &err);
    if (!s->has_cgroup_sampler) {
        lg_session_absent(s, LG_NOT_THERE, "cgroup samples", &err);
        return;
    }
    read_cgroup(s, true); /* what its counters say before anything happens */
    if (s->trigger.limit_bytes != 0) {
        s->has_marks_thread =
            pthread_create(&s->marks_thread, NULL, set_marks, s) == 0;
    }
    if (lg_cgroup_oom_event(s->host, &s->place, &s->oom_fd, NULL)) {
        (void)lg_session_epoll_add(s, s->oom_fd);
    }
}

/* Page cache is given back when memory runs short, shmem is not. */
static uint64_t without_cache(const struct lg_cgroup_sample *c)
{
    uint64_t usage = c->usage_bytes.value;
    uint64_t cache = c->file_bytes.value;
    uint64_t kept = c->shmem_bytes.value;
    cache = cache > kept ? cache - kept : 0;
    return usage > cache ? usage - cache : 0;
}

static void read_cgroup(struct lg_session *s, bool in_detail)
{
    struct lg_cgroup_sample now = {0};
    if (!s->has_cgroup_sampler ||
        !lg_cgroup_sample(&s->cgroup_sampler, in_detail, &now)) {
        return;
    }
    s->cgroup_now.usage_bytes = now.usage_bytes;
    if (!in_detail) {
        return;
    }
    s->cgroup_now = now;
    if (!s->has_oom_kills && now.oom_kill_count.known) {
        s->has_oom_kills = true;
        s->oom_kills_at_start = now.oom_kill_count.value;
    }
}

static void read_process(struct lg_session *s, bool in_detail)
{
    struct lg_process_sample now = {0};
    if (!s->has_process_sampler || s->subject_ended ||
        !lg_process_sample(&s->process_sampler, in_detail, in_detail, &now)) {
        return;
    }
    if (!in_detail) {
        now.fds = s->process_now.fds;
        now.threads = s->process_now.threads;
    }
    s->process_now = now;
}

static struct lg_timeline_row make_row(const struct lg_session *s,
                                       uint64_t t_ns, bool in_detail)
{
    const struct lg_num none = {false, 0};
    struct lg_timeline_row row = {
        .wall_ns = lg_wall_ns(s->host->clock),
        .t_ns = t_ns,
        .usage_bytes = s->cgroup_now.usage_bytes,
        .rss_bytes = s->process_now.rss_bytes,
        .anon_bytes = in_detail ? s->cgroup_now.anon_bytes : none,
        .shmem_bytes = in_detail ? s->cgroup_now.shmem_bytes : none,
        .file_bytes = in_detail ? s->cgroup_now.file_bytes : none,
        .threads = in_detail ? s->process_now.threads : none,
        .fds = in_detail ? s->process_now.fds : none,
    };
    if (s->trigger.limit_bytes != 0) {
        row.limit_bytes = lg_known(s->trigger.limit_bytes);
    }
    if (s->facts_are_new) {
        row.goroutines = s->goroutines;
        row.heap_bytes = s->heap_bytes;
        row.stack_bytes = s->stack_bytes;
    }
    return row;
}

static bool row_is_due(const struct lg_session *s, uint64_t t_ns)
{
    uint64_t usage = s->cgroup_now.usage_bytes.value;
    uint64_t moved = usage > s->row_usage_bytes ? usage - s->row_usage_bytes
                                                : s->row_usage_bytes - usage;
    uint64_t scale =
        s->trigger.limit_bytes != 0 ? s->trigger.limit_bytes : usage;
    return s->timeline.count == 0 || s->facts_are_new ||
           t_ns - s->row_at_ns >= ROW_GAP_NS ||
           (double)moved > ROW_STEP_RATIO * (double)scale;
}

static void keep_row(struct lg_session *s, const struct lg_timeline_row *row)
{
    struct lg_sb sb;
    size_t before = s->timeline.count;
    lg_timeline_add(&s->timeline, row);
    s->row_at_ns = row->t_ns;
    s->row_usage_bytes = row->usage_bytes.value;
    s->facts_are_new = false;
    if (s->timeline.count <= before) {
        rewrite_csv(s);
        return;
    }
    lg_sb_init(&sb, &s->scratch);
    lg_timeline_csv_row(&sb, row);
    write_csv(s, &sb);
    lg_arena_reset(&s->scratch);
}

void lg_session_sample(struct lg_session *s, bool in_detail)
{
    uint64_t t_ns = lg_session_now(s);
    in_detail = in_detail || t_ns - s->detail_at_ns >= DETAIL_GAP_NS ||
                s->timeline.count == 0;
    read_cgroup(s, in_detail);
    read_process(s, in_detail);
    if (in_detail) {
        s->detail_at_ns = t_ns;
    }
    s->usage_bytes = s->has_cgroup_sampler ? without_cache(&s->cgroup_now)
                                           : s->process_now.rss_bytes.value;
    if (row_is_due(s, t_ns)) {
        struct lg_timeline_row row = make_row(s, t_ns, in_detail);
        keep_row(s, &row);
    }
    double slow = lg_timeline_usage_rate(&s->timeline, LONG_WINDOW_NS);
    double fast = lg_timeline_usage_rate(&s->timeline, SHORT_WINDOW_NS);
    s->rate_bytes_per_s = fast > slow ? fast : slow;
}
