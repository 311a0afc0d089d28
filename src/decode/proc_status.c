/* SPDX-License-Identifier: Apache-2.0 */
/* status, stat and limits of /proc/PID: taken by name, or from the right. */
#include "base/lines.h"
#include "decode/proc_files.h"

#include <stddef.h>

#define KIB UINT64_C(1024)

struct row {
    const char *name;
    size_t offset; /* of a struct lg_num in struct lg_process */
};

#define ROW(name_, field)                                                      \
    {                                                                          \
        .name = (name_), .offset = offsetof(struct lg_process, field)          \
    }

static const struct row kib_rows[] = {
    ROW("VmPeak", vm_peak),   ROW("VmSize", vm_size),
    ROW("VmHWM", vm_hwm),     ROW("VmRSS", vm_rss),
    ROW("RssAnon", rss_anon), ROW("RssFile", rss_file),
    ROW("VmSwap", vm_swap),   ROW("RssShmem", rss_shmem),
    ROW("VmData", vm_data),   ROW("VmStk", vm_stk),
    ROW("VmPTE", vm_pte),
};

static struct lg_num *num_at(struct lg_process *p, size_t offset)
{
    return (struct lg_num *)(void *)((char *)p + offset);
}

/* "  123 kB" → bytes. */
static struct lg_num kib_value(struct lg_str value)
{
    struct lg_str word;
    uint64_t n;
    if (!lg_str_word(&value, &word) || !lg_str_u64(word, &n) ||
        n > UINT64_MAX / KIB)
        return (struct lg_num){0};
    return lg_known(n * KIB);
}

static bool take_kib(struct lg_process *p, struct lg_str key,
                     struct lg_str value)
{
    for (size_t i = 0; i < LG_COUNT(kib_rows); i++) {
        if (!lg_str_eq(key, lg_str_of(kib_rows[i].name)))
            continue;
        *num_at(p, kib_rows[i].offset) = kib_value(value);
        return true;
    }
    return false;
}

/* The kernel writes a newline in a name as \n and a backslash as \\. */
static struct lg_str unescape_name(struct lg_str s, struct lg_arena *arena)
{
    char *out = lg_arena_alloc(arena, s.len, 1);
    size_t len = 0;
    if (out == NULL)
        return (struct lg_str){0};
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '\\' && i + 1 < s.len) {
            i++;
            c = s.data[i] == 'n' ? '\n' : s.data[i];
        }
        out[len++] = c;
    }
    return lg_str_from(out, len);
}

static void take_other(struct lg_process *p, struct lg_str key,
                       struct lg_str value, struct lg_arena *arena)
{
    uint64_t n;
    struct lg_str trimmed = lg_str_trim(value);
    if (lg_str_eq(key, LG_STR("Threads"))) {
        if (lg_str_u64(trimmed, &n))
            p->threads_count = lg_known(n);
    } else if (lg_str_eq(key, LG_STR("SigCgt"))) {
        if (lg_str_hex(trimmed, &n))
            p->sig_caught = lg_known(n);
    } else if (lg_str_eq(key, LG_STR("State"))) {
        p->state = trimmed.len > 0 ? trimmed.data[0] : '\0';
    } else if (lg_str_eq(key, LG_STR("Pid"))) {
        (void)lg_str_i64(trimmed, &p->pid);
    } else if (lg_str_eq(key, LG_STR("PPid"))) {
        (void)lg_str_i64(trimmed, &p->ppid);
    } else if (lg_str_eq(key, LG_STR("Name")) && arena != NULL) {
        /* One tab separates; blanks after it belong to the name. */
        (void)lg_str_after(value, LG_STR("\t"), &value);
        p->comm = unescape_name(value, arena);
    }
}

void lg_proc_status_parse(struct lg_str text, struct lg_arena *arena,
                          struct lg_process *p)
{
    struct lg_str line;
    while (lg_lines_next(&text, &line)) {
        struct lg_cut cut = lg_str_cut_char(line, ':');
        if (cut.found && !take_kib(p, cut.head, cut.tail))
            take_other(p, cut.head, cut.tail, arena);
    }
}

/* Fields of /proc/PID/stat behind the name, 3 being the first
 * (proc_pid_stat(5)). */
enum stat_field {
    STAT_STATE = 3,
    STAT_PPID = 4,
    STAT_MINFLT = 10,
    STAT_MAJFLT = 12,
    STAT_UTIME = 14,
    STAT_STIME = 15,
    STAT_THREADS = 20,
    STAT_START = 22,
    STAT_END,
};

static uint64_t ticks_to_ns(uint64_t ticks, uint64_t ticks_per_s)
{
    uint64_t seconds = ticks / ticks_per_s, part = ticks % ticks_per_s;
    if (seconds > UINT64_MAX / 2000000000)
        return UINT64_MAX / 2;
    return seconds * 1000000000 + part * 1000000000 / ticks_per_s;
}

bool lg_proc_stat_parse(struct lg_str text, uint64_t ticks_per_s,
                        struct lg_process *p, struct lg_error *err)
{
    /* The name may hold anything, ")" too: its end is the last one. */
    struct lg_cut name_end = lg_str_rcut_char(text, ')');
    struct lg_cut name = lg_str_cut_char(name_end.head, '(');
    struct lg_str rest = name_end.tail, word;
    uint64_t value[STAT_END] = {0};
    char state = '\0';
    int64_t pid;

    if (!name_end.found || !name.found ||
        !lg_str_i64(lg_str_trim(name.head), &pid))
        return lg_fail(err, LG_BAD_DATA, "stat: no \"PID (name)\"");
    for (int field = STAT_STATE; field < STAT_END; field++) {
        if (!lg_str_word(&rest, &word))
            return lg_fail(err, LG_BAD_DATA, "stat: ends at field %d", field);
        if (field == STAT_STATE)
            state = word.data[0];
        else
            (void)lg_str_u64(word, &value[field]); /* some are negative */
    }
    if (ticks_per_s == 0)
        ticks_per_s = 100;
    p->pid = pid;
    p->state = state;
    p->ppid = (int64_t)(value[STAT_PPID] & INT32_MAX);
    p->start_ticks = value[STAT_START];
    p->utime_ns = lg_known(ticks_to_ns(value[STAT_UTIME], ticks_per_s));
    p->stime_ns = lg_known(ticks_to_ns(value[STAT_STIME], ticks_per_s));
    p->minflt_count = lg_known(value[STAT_MINFLT]);
    p->majflt_count = lg_known(value[STAT_MAJFLT]);
    if (!p->threads_count.known)
        p->threads_count = lg_known(value[STAT_THREADS]);
    return true;
}

void lg_proc_limits_parse(struct lg_str text, struct lg_process *p)
{
    struct lg_str line, rest, word;
    uint64_t n;
    while (lg_lines_next(&text, &line)) {
        if (!lg_str_after(line, LG_STR("Max open files "), &rest))
            continue;
        if (lg_str_word(&rest, &word) && lg_str_u64(word, &n))
            p->fds_limit = lg_known(n);
        return;
    }
}
