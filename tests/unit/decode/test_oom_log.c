/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the kernel log reader: what must hold of any log, shown on
 * those of tests/golden/oom and on reports with hostile names. */
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "base/clock.h"
#include "base/lines.h"
#include "oom_dump.h"
#include "oom_logs.h"

/* ---- any cut of the input ------------------------------------------------ */

static void assert_same(const char *name, const struct oom_dump *a,
                        const struct oom_dump *b)
{
    struct lg_str x = lg_sb_view(&a->sb), y = lg_sb_view(&b->sb);
    if (lg_str_eq(x, y))
        return;
    print_error("%s: wanted\n%.*s\ngot\n%.*s\n", name, LG_STR_ARG(x),
                LG_STR_ARG(y));
    fail();
}

static void feed_in_chunks(int dir_fd, const char *name, struct lg_str log,
                           struct lg_arena *arena)
{
    static const size_t most[] = {1, 2, 7, 100, 5000};
    struct lg_rng rng = {20261121};
    struct oom_dump whole, d;
    (void)dir_fd;
    oom_dump(log, arena, true, &whole);
    for (size_t m = 0; m < LG_COUNT(most); m++) {
        struct lg_oom_parser *p = oom_dump_begin(&d, arena, true);
        for (struct lg_str rest = log; rest.len != 0;) {
            struct lg_str chunk =
                lg_str_first(rest, 1 + lg_rng_below(&rng, most[m]));
            assert_true(lg_oom_parser_feed(p, chunk, NULL));
            rest = lg_str_skip(rest, chunk.len);
        }
        assert_true(lg_oom_parser_finish(p, NULL));
        lg_oom_parser_destroy(p);
        assert_same(name, &whole, &d);
    }
}

static void chunks_do_not_matter(void **state)
{
    (void)state;
    oom_logs_each(feed_in_chunks);
}

/* The pids of whole "Killed process" lines, found without the parser. */
static size_t told_victims(struct lg_str log, int64_t *pids, size_t room)
{
    struct lg_str line;
    size_t count = 0;
    while (lg_lines_next(&log, &line)) {
        struct lg_cut cut = lg_str_cut(line, LG_STR("Killed process "));
        uint64_t pid;
        if (!cut.found || !lg_str_contains(line, LG_STR("oom_score_adj:")) ||
            !lg_str_take_u64(&cut.tail, &pid))
            continue;
        assert_true(count < room);
        pids[count++] = (int64_t)pid;
    }
    return count;
}

static void assert_victims(const char *name, struct lg_str part,
                           const struct oom_dump *d)
{
    int64_t pids[64];
    size_t count = told_victims(part, pids, LG_COUNT(pids));
    for (size_t i = 0; i < count; i++) {
        size_t v = 0;
        while (v < d->victim_count && d->victims[v] != pids[i])
            v++;
        if (v == d->victim_count)
            fail_msg("%s: victim %lld is lost in\n%.*s", name,
                     (long long)pids[i], LG_STR_ARG(part));
    }
}

static void cut_at_lines(int dir_fd, const char *name, struct lg_str log,
                         struct lg_arena *arena)
{
    (void)dir_fd;
    (void)arena;
    if (lg_str_starts(log, LG_STR("__CURSOR="))) /* no lines but records */
        return;
    for (size_t at = 0; at < log.len;) {
        struct lg_str parts[] = {lg_str_first(log, at), lg_str_skip(log, at)};
        for (int i = 0; i < 2; i++) {
            struct lg_arena scratch;
            struct oom_dump d;
            lg_arena_init(&scratch, 0);
            oom_dump(parts[i], &scratch, true, &d);
            assert_victims(name, parts[i], &d);
            lg_arena_deinit(&scratch);
        }
        ptrdiff_t next = lg_str_find_char(parts[1], '\n');
        at = next < 0 ? log.len : at + (size_t)next + 1;
    }
}

static void no_cut_loses_a_victim(void **state)
{
    (void)state;
    oom_logs_each(cut_at_lines);
}

static void damage(int dir_fd, const char *name, struct lg_str log,
                   struct lg_arena *arena)
{
    struct lg_rng rng = {7};
    char *copy = lg_str_cstr(arena, log);
    (void)dir_fd;
    (void)name;
    for (int i = 0; i < 150; i++) {
        struct lg_arena scratch;
        struct oom_dump d;
        lg_arena_init(&scratch, 0);
        size_t at = lg_rng_below(&rng, log.len);
        oom_dump(lg_str_first(log, at), &scratch, true, &d);
        char kept = copy[at];
        copy[at] = (char)lg_rng_u64(&rng);
        oom_dump(lg_str_from(copy, log.len), &scratch, true, &d);
        copy[at] = kept;
        lg_arena_deinit(&scratch);
    }
}

static void damage_is_survived(void **state)
{
    (void)state;
    oom_logs_each(damage);
}

/* ---- any prefix ---------------------------------------------------------- */

struct record {
    uint64_t us;
    struct lg_str text;
};

typedef void style_fn(struct lg_sb *sb, const struct record *r, size_t n);

static void put_wall(struct lg_sb *sb, const struct record *r, bool zone)
{
    char text[LG_TIME_TEXT_BYTES];
    lg_time_text(INT64_C(1793628000) * (int64_t)LG_NS_PER_S +
                     (int64_t)(r->us * 1000),
                 text);
    lg_sb_str(sb, lg_str_first(lg_str_of(text), 19));
    if (zone)
        lg_sb_fmt(sb, ".%06u+00:00", (unsigned)(r->us % 1000000));
}

static void put_uptime(struct lg_sb *sb, const struct record *r)
{
    lg_sb_fmt(sb, "[%5u.%06u]", (unsigned)(r->us / 1000000),
              (unsigned)(r->us % 1000000));
}

static void put_json_text(struct lg_sb *sb, struct lg_str s)
{
    struct lg_json j;
    lg_json_init_sb(&j, sb, false);
    lg_json_str(&j, s);
    (void)lg_json_finish(&j);
    sb->len--; /* its newline */
}

static void style_console(struct lg_sb *sb, const struct record *r, size_t n)
{
    (void)n;
    put_uptime(sb, r);
    lg_sb_char(sb, ' ');
    lg_sb_str(sb, r->text);
}

static void style_caller(struct lg_sb *sb, const struct record *r, size_t n)
{
    (void)n;
    put_uptime(sb, r);
    lg_sb_cstr(sb, "[  T812] ");
    lg_sb_str(sb, r->text);
}

static void style_raw(struct lg_sb *sb, const struct record *r, size_t n)
{
    lg_sb_cstr(sb, n % 3 == 0 ? "<4>" : "<30>");
    style_console(sb, r, n);
}

static void style_kmsg(struct lg_sb *sb, const struct record *r, size_t n)
{
    lg_sb_fmt(sb, "6,%zu,%llu,-;", 100 + n, (unsigned long long)r->us);
    for (size_t i = 0; i < r->text.len; i++) {
        unsigned char c = (unsigned char)r->text.data[i];
        if (c < 32 || c >= 127 || c == '\\')
            lg_sb_fmt(sb, "\\x%02x", c);
        else
            lg_sb_char(sb, (char)c);
    }
    if (n % 4 == 0)
        lg_sb_cstr(sb, "\n SUBSYSTEM=memory");
}

static void style_dmesg_human(struct lg_sb *sb, const struct record *r,
                              size_t n)
{
    (void)n;
    lg_sb_fmt(sb, "[Mon Nov  2 14:%02u:%02u 2026] ",
              (unsigned)(r->us / 60000000 % 60),
              (unsigned)(r->us / 1000000 % 60));
    lg_sb_str(sb, r->text);
}

static void style_syslog(struct lg_sb *sb, const struct record *r, size_t n)
{
    lg_sb_cstr(sb, "Nov  2 14:03:09 web-1 kernel: ");
    if (n % 2 == 0)
        style_console(sb, r, n);
    else
        lg_sb_str(sb, r->text);
}

static void style_rfc5424(struct lg_sb *sb, const struct record *r, size_t n)
{
    (void)n;
    lg_sb_cstr(sb, "<4>1 ");
    put_wall(sb, r, true);
    lg_sb_cstr(sb, " web-1 kernel - - - ");
    lg_sb_str(sb, r->text);
}

static void style_short_full(struct lg_sb *sb, const struct record *r, size_t n)
{
    (void)n;
    lg_sb_cstr(sb, "Mon 2026-11-02 14:03:09 UTC web-1 kernel: ");
    lg_sb_str(sb, r->text);
}

static void style_short_monotonic(struct lg_sb *sb, const struct record *r,
                                  size_t n)
{
    (void)n;
    put_uptime(sb, r);
    lg_sb_cstr(sb, " web-1 kernel: ");
    lg_sb_str(sb, r->text);
}

static void style_relay(struct lg_sb *sb, const struct record *r, size_t n)
{
    put_wall(sb, r, true);
    lg_sb_fmt(sb, " hv qemu[%u]: console 4: <%u>", 77u, n % 2 == 0 ? 3u : 6u);
    style_console(sb, r, n);
}

static void style_docker(struct lg_sb *sb, const struct record *r, size_t n)
{
    struct lg_sb inner;
    lg_sb_init(&inner, sb->arena);
    style_console(&inner, r, n);
    lg_sb_char(&inner, '\n');
    lg_sb_cstr(sb, "{\"log\":");
    put_json_text(sb, lg_sb_view(&inner));
    lg_sb_cstr(sb, ",\"stream\":\"stdout\",\"time\":\"");
    put_wall(sb, r, true);
    lg_sb_cstr(sb, "\"}");
}

static void style_journal_json(struct lg_sb *sb, const struct record *r,
                               size_t n)
{
    (void)n;
    lg_sb_fmt(sb, "{ \"_SOURCE_MONOTONIC_TIMESTAMP\" : \"%llu\", ",
              (unsigned long long)r->us);
    lg_sb_cstr(sb, "\"_HOSTNAME\" : \"h\", \"MESSAGE\" : ");
    put_json_text(sb, r->text);
    lg_sb_cstr(sb, " }");
}

static void style_journal_export(struct lg_sb *sb, const struct record *r,
                                 size_t n)
{
    lg_sb_fmt(sb, "__CURSOR=%zu\n_SOURCE_MONOTONIC_TIMESTAMP=%llu\n", n,
              (unsigned long long)r->us);
    if (n % 2 == 0 || lg_str_find_char(r->text, '\n') >= 0) {
        uint64_t len = r->text.len;
        lg_sb_cstr(sb, "MESSAGE\n");
        lg_sb_str(sb, lg_str_from(&len, sizeof len));
    } else {
        lg_sb_cstr(sb, "MESSAGE=");
    }
    lg_sb_str(sb, r->text);
    lg_sb_cstr(sb, "\n_HOSTNAME=h\n");
}

static void style_cri(struct lg_sb *sb, const struct record *r, size_t n)
{
    put_wall(sb, r, true);
    lg_sb_cstr(sb, " stdout F ");
    style_console(sb, r, n);
}

static void style_none(struct lg_sb *sb, const struct record *r, size_t n)
{
    (void)n;
    lg_sb_str(sb, r->text);
}

static const struct {
    const char *name;
    style_fn *put;
    bool keeps_newlines; /* in a record */
} styles[] = {
    {"[uptime]", style_console, false},
    {"[uptime][caller]", style_caller, false},
    {"<n>[uptime]", style_raw, false},
    {"kmsg", style_kmsg, true},
    {"dmesg -T", style_dmesg_human, false},
    {"syslog", style_syslog, false},
    {"RFC 5424", style_rfc5424, false},
    {"journal short-full", style_short_full, false},
    {"journal short-monotonic", style_short_monotonic, false},
    {"relay", style_relay, false},
    {"docker", style_docker, true},
    {"journal json", style_journal_json, true},
    {"journal export", style_journal_export, true},
    {"CRI", style_cri, false},
    {"none", style_none, false},
};

/* "[  579.597991] text" → record. */
static bool record_of(struct lg_str line, struct record *r)
{
    uint64_t s, us;
    if (!lg_str_after(line, LG_STR("["), &line))
        return false;
    line = lg_str_trim_left(line);
    if (!lg_str_take_u64(&line, &s) ||
        !lg_str_after(line, LG_STR("."), &line) ||
        !lg_str_take_u64(&line, &us) ||
        !lg_str_after(line, LG_STR("] "), &line))
        return false;
    *r = (struct record){s * 1000000 + us, line};
    return true;
}

static struct lg_str in_style(size_t style, struct lg_str log,
                              struct lg_arena *arena)
{
    struct lg_sb sb;
    struct lg_str line;
    struct record r;
    lg_sb_init(&sb, arena);
    for (size_t n = 0; lg_lines_next(&log, &line); n++) {
        assert_true(record_of(line, &r));
        styles[style].put(&sb, &r, n);
        lg_sb_char(&sb, '\n');
    }
    assert_false(sb.failed);
    return lg_sb_view(&sb);
}

static void restyle(int dir_fd, const char *name, struct lg_str log,
                    struct lg_arena *arena)
{
    struct oom_dump plain, d;
    struct lg_str rest = log, line;
    struct record r;
    (void)dir_fd;
    while (lg_lines_next(&rest, &line))
        if (!record_of(line, &r))
            return; /* in a style of its own already */
    oom_dump(log, arena, false, &plain);
    for (size_t s = 0; s < LG_COUNT(styles); s++) {
        char both[200];
        snprintf(both, sizeof both, "%s as %s", name, styles[s].name);
        oom_dump(in_style(s, log, arena), arena, false, &d);
        assert_same(both, &plain, &d);
    }
}

static void prefixes_do_not_matter(void **state)
{
    (void)state;
    oom_logs_each(restyle);
}

/* ---- any name ------------------------------------------------------------ */

struct names {
    char trigger[16], victim[16], other[16];
    char limit[200], inner[400];
};

/* Pieces of what the kernel writes around names, and bytes at random. */
static void any_name(struct lg_rng *rng, char *out, size_t most, bool newlines)
{
    static const char *const pieces[] = {",pid=7",
                                         ",uid=",
                                         ",task=",
                                         ") total-vm:",
                                         "(",
                                         ")",
                                         " ",
                                         ":",
                                         "a",
                                         "]",
                                         "[ 1] ",
                                         ",",
                                         "+0x1/0x2",
                                         " score ",
                                         ",oom_memcg=",
                                         ",task_memcg=",
                                         " killed",
                                         "\n",
                                         "\x01",
                                         "\xc3\xa9",
                                         "\\x41",
                                         ",global_oom",
                                         ",mems_allowed=0"};
    size_t len = 0, want = 1 + lg_rng_below(rng, most);
    while (len < want) {
        const char *piece = pieces[lg_rng_below(rng, LG_COUNT(pieces))];
        if (!newlines && (unsigned char)piece[0] < 0x20)
            continue;
        if ((unsigned char)piece[0] >= 0x80 && want - len < 2)
            continue; /* half a character is not for JSON */
        for (; *piece != '\0' && len < want; piece++)
            out[len++] = *piece;
    }
    out[len] = '\0';
}

static void any_names(struct lg_rng *rng, struct names *n, bool newlines)
{
    char leaf[100];
    any_name(rng, n->trigger, 15, newlines);
    any_name(rng, n->victim, 15, newlines);
    any_name(rng, n->other, 15, newlines);
    any_name(rng, leaf, 80, newlines);
    snprintf(n->limit, sizeof n->limit, "/%s", leaf);
    any_name(rng, leaf, 80, newlines);
    snprintf(n->inner, sizeof n->inner, "%s/%s", n->limit, leaf);
    if (lg_rng_below(rng, 3) == 0)
        memcpy(n->inner, n->limit, sizeof n->limit);
}

static struct lg_str hostile_report(size_t style, const struct names *n,
                                    struct lg_arena *arena)
{
    struct lg_sb sb, out;
    struct record r = {1000000, {0}};
    lg_sb_init(&out, arena);
    for (size_t i = 0; i < 10; i++) {
        lg_sb_init(&sb, arena);
        switch (i) {
        case 0:
            lg_sb_fmt(&sb,
                      "%s invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL),"
                      " order=0, oom_score_adj=0",
                      n->trigger);
            break;
        case 1:
            lg_sb_fmt(&sb,
                      "CPU: 0 UID: 0 PID: 41 Comm: %s Not tainted 6.18.1 "
                      "#1 PREEMPT(none) ",
                      n->trigger);
            break;
        case 2:
            lg_sb_cstr(&sb, "memory: usage 64kB, limit 32kB, failcnt 3");
            break;
        case 3:
            lg_sb_fmt(&sb, "Memory cgroup stats for %s:", n->limit);
            break;
        case 4:
            lg_sb_cstr(&sb, "anon 17");
            break;
        case 5:
            lg_sb_cstr(&sb, "[  pid  ]   uid  tgid total_vm      rss "
                            "pgtables_bytes swapents oom_score_adj name");
            break;
        case 6:
            lg_sb_fmt(&sb,
                      "[     43]     5    43       30       12    40960 "
                      "       3            -7 %s",
                      n->other);
            break;
        case 7:
            lg_sb_fmt(&sb,
                      "[     42]     5    42       10       10    40960 "
                      "       0             0 %s",
                      n->victim);
            break;
        case 8:
            lg_sb_fmt(&sb,
                      "oom-kill:constraint=CONSTRAINT_MEMCG,"
                      "nodemask=(null),cpuset=%s,mems_allowed=0-1,"
                      "oom_memcg=%s,task_memcg=%s,task=%s,pid=42,uid=5",
                      n->other, n->limit, n->inner, n->victim);
            break;
        default:
            lg_sb_fmt(&sb,
                      "Memory cgroup out of memory: Killed process 42 "
                      "(%s) total-vm:40kB, anon-rss:36kB, file-rss:4kB, "
                      "shmem-rss:0kB, UID:5 pgtables:40kB "
                      "oom_score_adj:0",
                      n->victim);
            break;
        }
        r.us += 10;
        r.text = lg_sb_view(&sb);
        styles[style].put(&out, &r, i);
        lg_sb_char(&out, '\n');
    }
    return lg_sb_view(&out);
}

static bool check_names(void *context, const struct lg_oom_event *e)
{
    const struct names **n = context;
    const struct names *want = *n;
    struct lg_str got[] = {e->trigger_comm, e->oom_memcg, e->task_memcg};
    const char *wanted[] = {want->trigger, want->limit, want->inner};
    for (int i = 0; i < 3; i++)
        if (!lg_str_eq(got[i], lg_str_of(wanted[i])))
            fail_msg("wanted «%s», got «%.*s» in\n%.*s", wanted[i],
                     LG_STR_ARG(got[i]), LG_STR_ARG(e->text));
    assert_int_equal(e->victims.count, 1);
    assert_int_equal(e->victims.items[0].pid, 42);
    if (!lg_str_eq(e->victims.items[0].comm, lg_str_of(want->victim)))
        fail_msg("wanted «%s», got «%.*s»", want->victim,
                 LG_STR_ARG(e->victims.items[0].comm));
    assert_int_equal(e->tasks.count, 2);
    if (!lg_str_eq(e->tasks.items[0].comm, lg_str_of(want->other)))
        fail_msg("wanted «%s», got «%.*s»", want->other,
                 LG_STR_ARG(e->tasks.items[0].comm));
    assert_int_equal(e->tasks.items[0].oom_score_adj, -7);
    assert_false(e->truncated);
    *n = NULL;
    return true;
}

static void names_are_exact(size_t style, bool newlines)
{
    struct lg_rng rng = {style + 99};
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    for (int i = 0; i < 3000; i++) {
        struct names n;
        const struct names *left = &n;
        lg_arena_reset(&arena);
        any_names(&rng, &n, newlines);
        struct lg_str log = hostile_report(style, &n, &arena);
        struct lg_oom_parser *p =
            lg_oom_parser_create(NULL, check_names, &left, NULL);
        assert_true(lg_oom_parser_feed(p, log, NULL));
        assert_true(lg_oom_parser_finish(p, NULL));
        lg_oom_parser_destroy(p);
        if (left != NULL)
            fail_msg("no event in\n%.*s", LG_STR_ARG(log));
    }
    lg_arena_deinit(&arena);
}

static void hostile_names_are_exact(void **state)
{
    (void)state;
    for (size_t s = 0; s < LG_COUNT(styles); s++)
        if (styles[s].keeps_newlines)
            names_are_exact(s, true);
    names_are_exact(0, false);
    names_are_exact(1, false);
}

/* ---- several at once ----------------------------------------------------- */

/* Lines of two reports in any order that keeps each one's own. */
static struct lg_str shuffle(struct lg_rng *rng, struct lg_str a,
                             struct lg_str b, struct lg_arena *arena)
{
    struct lg_sb sb;
    struct lg_str line;
    lg_sb_init(&sb, arena);
    while (a.len != 0 || b.len != 0) {
        bool first = b.len == 0 || (a.len != 0 && lg_rng_below(rng, 2) == 0);
        (void)lg_lines_next(first ? &a : &b, &line);
        lg_sb_str(&sb, line);
        lg_sb_char(&sb, '\n');
    }
    return lg_sb_view(&sb);
}

static struct lg_str report_of(struct lg_arena *arena, const char *name,
                               const char *prefix)
{
    LG_CLOSE
    int dir_fd = oom_logs_dir();
    struct lg_str log, line;
    struct lg_sb sb;
    assert_true(lg_read_file(dir_fd, name, 1 << 20, arena, &log, NULL));
    lg_sb_init(&sb, arena);
    while (lg_lines_next(&log, &line)) {
        lg_sb_cstr(&sb, prefix);
        lg_sb_str(&sb, line);
        lg_sb_char(&sb, '\n');
    }
    return lg_sb_view(&sb);
}

static bool holds(const struct oom_dump *both, const struct oom_dump *one)
{
    return lg_str_contains(lg_sb_view(&both->sb), lg_sb_view(&one->sb));
}

static void interleaved(const char *a_name, const char *a_prefix,
                        const char *b_name, const char *b_prefix)
{
    struct lg_rng rng = {3};
    for (int i = 0; i < 20; i++) {
        struct lg_arena arena;
        struct oom_dump one, other, both;
        lg_arena_init(&arena, 0);
        struct lg_str a = report_of(&arena, a_name, a_prefix);
        struct lg_str b = report_of(&arena, b_name, b_prefix);
        oom_dump(a, &arena, false, &one);
        oom_dump(b, &arena, false, &other);
        oom_dump(shuffle(&rng, a, b, &arena), &arena, false, &both);
        assert_int_equal(both.event_count, one.event_count + other.event_count);
        if (!holds(&both, &one) || !holds(&both, &other))
            fail_msg("%s and %s: got\n%.*s", a_name, b_name,
                     LG_STR_ARG(lg_sb_view(&both.sb)));
        lg_arena_deinit(&arena);
    }
}

static void interleaved_reports_stay_whole(void **state)
{
    (void)state;
    /* Two hosts; two containers of one host; the clock alone. */
    interleaved("memcg-v1-6.18.log",
                "Nov  2 14:03:09 a kernel: ", "memcg-v2-6.1.log",
                "Nov  2 14:03:09 b kernel: ");
    interleaved("nested-v1-6.18.log", "vm1 console <4>", "nested-v1-6.18.log",
                "vm2 console <4>");
    interleaved("memcg-v1-6.18.log", "", "odd-name-v1-6.18.log", "");
    interleaved("host-6.1.log", "", "group-nested-v2-6.1.log", "");
}

/* Two CPUs take turns; nothing but order and contents tells them apart. */
static void lines_in_turns_stay_apart(void **state)
{
    struct lg_arena arena;
    struct oom_dump one, other, both;
    struct lg_sb sb;
    struct lg_str line;
    (void)state;
    lg_arena_init(&arena, 0);
    struct names n = {"a", "a", "o", "/a", "/a"};
    struct names m = {"b", "b", "p", "/b", "/b/c"};
    struct lg_str a = hostile_report(0, &n, &arena);
    struct lg_str b = hostile_report(0, &m, &arena);
    oom_dump(a, &arena, false, &one);
    oom_dump(b, &arena, false, &other);
    lg_sb_init(&sb, &arena);
    while (lg_lines_next(&a, &line)) {
        lg_sb_str(&sb, line);
        lg_sb_char(&sb, '\n');
        assert_true(lg_lines_next(&b, &line));
        lg_sb_str(&sb, line);
        lg_sb_char(&sb, '\n');
    }
    oom_dump(lg_sb_view(&sb), &arena, false, &both);
    assert_int_equal(both.event_count, 2);
    assert_true(holds(&both, &one));
    assert_true(holds(&both, &other));
    lg_arena_deinit(&arena);
}

/* ---- bounds -------------------------------------------------------------- */

static bool check_long_table(void *context, const struct lg_oom_event *e)
{
    bool *seen = context;
    assert_int_equal(e->tasks.count + e->tasks_dropped_count, 30000);
    assert_true(e->tasks.count >= 100);
    /* The largest are kept, in the table's order. */
    for (size_t i = 0; i < e->tasks.count; i++) {
        assert_int_equal(e->tasks.items[i].rss_bytes.value / 4096,
                         e->tasks.items[i].pid);
        assert_true(e->tasks.items[i].pid > 30000 - 2000);
        assert_true(i == 0 ||
                    e->tasks.items[i].pid > e->tasks.items[i - 1].pid);
    }
    assert_int_equal(e->victims.count, 1);
    assert_true(lg_str_ends(e->text, LG_STR("oom_score_adj:0\n")));
    *seen = true;
    return true;
}

static void a_long_table_keeps_its_largest(void **state)
{
    bool seen = false;
    char line[300];
    (void)state;
    struct lg_oom_parser *p =
        lg_oom_parser_create(NULL, check_long_table, &seen, NULL);
    for (int i = -2; i <= 30000; i++) {
        int n = i == -2 ? snprintf(line, sizeof line,
                                   "[ 1.0] x invoked oom-killer: gfp_mask=0, "
                                   "order=0\n")
                : i <= 0 && i != -1
                    ? snprintf(line, sizeof line, "[ 1.0] unrelated\n")
                : i == -1
                    ? snprintf(line, sizeof line,
                               "[ 1.0] [ pid ] uid tgid total_vm rss name\n")
                    : snprintf(line, sizeof line,
                               "[ 1.0] [%d] 0 %d 900000 %d name-of-task\n", i,
                               i, i);
        assert_true(lg_oom_parser_feed(p, lg_str_from(line, (size_t)n), NULL));
    }
    assert_true(lg_oom_parser_feed(
        p,
        LG_STR("[ 1.0] Out of memory: Killed process 30000 (x) "
               "total-vm:3600000kB, anon-rss:1kB, file-rss:0kB, "
               "shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n"),
        NULL));
    assert_true(lg_oom_parser_finish(p, NULL));
    lg_oom_parser_destroy(p);
    assert_true(seen);
}

static bool copy_event(void *context, const struct lg_oom_event *e)
{
    struct lg_oom_event *copy = context;
    static struct lg_arena arena;
    lg_arena_deinit(&arena);
    lg_arena_init(&arena, 0);
    assert_true(lg_oom_event_copy(e, &arena, copy));
    return true;
}

static bool copy_within(void *context, struct lg_arena *arena,
                        struct lg_error *err)
{
    struct lg_oom_event to;
    return lg_oom_event_copy(context, arena, &to) || lg_fail_nomem(err);
}

static void a_copy_is_whole_or_refused(void **state)
{
    struct lg_oom_event event;
    struct lg_arena arena;
    (void)state;
    lg_arena_init(&arena, 0);
    struct lg_oom_parser *p =
        lg_oom_parser_create(NULL, copy_event, &event, NULL);
    assert_true(lg_oom_parser_feed(
        p, report_of(&arena, "nested-v1-6.18.log", ""), NULL));
    assert_true(lg_oom_parser_finish(p, NULL));
    lg_oom_parser_destroy(p);
    assert_true(lg_str_eq(event.task_memcg, LG_STR("/lab/par/kid")));
    assert_int_equal(event.tasks.count, 2);
    assert_true(lg_str_eq(event.tasks.items[1].comm, LG_STR("sleep")));
    assert_true(lg_alloc_fail_all(copy_within, &event) > 10);
    lg_arena_deinit(&arena);
}

/* ---- following ----------------------------------------------------------- */

static void flush_gives_what_is_complete(void **state)
{
    struct lg_arena arena;
    struct oom_dump d;
    (void)state;
    lg_arena_init(&arena, 0);
    struct lg_str log = report_of(&arena, "memcg-v1-6.18.log", "");
    struct lg_oom_parser *p = oom_dump_begin(&d, &arena, false);
    assert_true(lg_oom_parser_feed(p, lg_str_first(log, log.len / 2), NULL));
    assert_true(lg_oom_parser_flush(p, NULL));
    assert_int_equal(d.event_count, 0);
    assert_true(lg_oom_parser_feed(p, lg_str_skip(log, log.len / 2), NULL));
    assert_int_equal(d.event_count, 0);
    assert_true(lg_oom_parser_flush(p, NULL));
    assert_int_equal(d.event_count, 1);
    /* Its reaper comes later and is no new kill. */
    assert_true(lg_oom_parser_feed(
        p,
        LG_STR("[  581.700000] oom_reaper: reaped process 8215 (leaky), now "
               "anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n"),
        NULL));
    assert_true(lg_oom_parser_finish(p, NULL));
    lg_oom_parser_destroy(p);
    assert_int_equal(d.event_count, 1);
    lg_arena_deinit(&arena);
}

static bool stop(void *context, const struct lg_oom_event *e)
{
    (void)e;
    return ++*(int *)context < 2;
}

static void the_caller_can_stop(void **state)
{
    struct lg_arena arena;
    struct lg_error err = {0};
    int count = 0;
    (void)state;
    lg_arena_init(&arena, 0);
    struct lg_oom_parser *p = lg_oom_parser_create(NULL, stop, &count, NULL);
    (void)lg_oom_parser_feed(p, report_of(&arena, "rate-limited-6.1.log", ""),
                             NULL);
    assert_false(lg_oom_parser_finish(p, &err));
    assert_int_equal(err.kind, LG_CANCELLED);
    assert_int_equal(count, 2);
    lg_oom_parser_destroy(p);
    lg_oom_parser_destroy(NULL);
    lg_arena_deinit(&arena);
}

static void nothing_is_found_where_nothing_is(void **state)
{
    static const char log[] =
        "[ 1.0] systemd-oomd: Killed /user.slice due to memory pressure\n"
        "app: Out of memory: Kill the batch and go on\n"
        "oom-killer is disabled; oom-kill: none\n"
        "docs say \"Killed process N (x) total-vm:\" is the line to look for\n"
        "Killed process 12 without a name\n"
        "{\"msg\":\"Memory cgroup out of memory: Killed process\"}\n";
    struct lg_arena arena;
    struct oom_dump d;
    (void)state;
    lg_arena_init(&arena, 0);
    oom_dump(lg_str_of(log), &arena, true, &d);
    assert_int_equal(d.event_count, 0);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(no_cut_loses_a_victim),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(prefixes_do_not_matter),
        cmocka_unit_test(hostile_names_are_exact),
        cmocka_unit_test(interleaved_reports_stay_whole),
        cmocka_unit_test(lines_in_turns_stay_apart),
        cmocka_unit_test(a_long_table_keeps_its_largest),
        cmocka_unit_test(a_copy_is_whole_or_refused),
        cmocka_unit_test(flush_gives_what_is_complete),
        cmocka_unit_test(the_caller_can_stop),
        cmocka_unit_test(nothing_is_found_where_nothing_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
