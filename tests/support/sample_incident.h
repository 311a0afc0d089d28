/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: incidents built in code, as realistic as the real ones, for tests
 * of what shows them: nothing is read, so a report of a sample is the same on
 * every machine. Each is a function that fills a struct sample in an arena.
 */
#ifndef LG_TESTS_SAMPLE_INCIDENT_H
#define LG_TESTS_SAMPLE_INCIDENT_H

#include "base/clock.h"
#include "must_push.h"
#include "report/report.h"

#include <string.h>

struct sample {
    struct lg_incident in;
    struct lg_verdict verdict;
    struct lg_report report;
};

typedef void sample_fn(struct lg_arena *arena, struct sample *s);

#define SAMPLE_MIB (UINT64_C(1) << 20)
#define SAMPLE_MS LG_NS_PER_MS
/* 2026-11-02T14:03:00.000Z: every sample's recording begins here. */
#define SAMPLE_START_NS INT64_C(1793628180000000000)

static inline struct lg_str sample_str(const char *text)
{
    return lg_str_of(text);
}

static inline struct lg_frame sample_frame(const char *function,
                                           const char *file, uint32_t line)
{
    return (struct lg_frame){lg_str_of(function), lg_str_of(file), line};
}

static inline void sample_begin(struct lg_arena *arena, struct sample *s,
                                const char *exe, const char *module,
                                uint64_t limit_bytes)
{
    memset(s, 0, sizeof *s);
    struct lg_subject *subject = &s->in.subject;
    s->in.arena = arena;
    s->in.id = sample_str("7k2f");
    subject->pid = 4711;
    subject->exe = sample_str(exe);
    struct lg_cut cut = lg_str_rcut_char(subject->exe, '/');
    subject->comm = lg_str_first(cut.found ? cut.tail : cut.head, 15);
    *lg_must_push(arena, &subject->cmdline) = subject->exe;
    *lg_must_push(arena, &subject->cmdline) = sample_str("-addr=:8080");
    subject->build.is_go = true;
    subject->build.go_version = sample_str("go1.26.8");
    subject->build.path = sample_str(module);
    subject->build.module =
        (struct lg_module){sample_str(module), sample_str("(devel)")};
    subject->build.build_id = sample_str("9d1f00c6a1b25f3e");
    subject->started_at_ns = SAMPLE_START_NS;
    subject->cgroup = sample_str("/lastgasp/run-4711");
    subject->cgroup_version = 2;
    subject->limit_bytes = lg_known(limit_bytes);
    subject->limit_source = sample_str("run --memory-max");
    s->report.incident = &s->in;
    s->report.verdict = &s->verdict;
    s->report.folder = sample_str("/var/lib/lastgasp/incidents/7k2f");
}

static inline void sample_dep(struct lg_arena *arena, struct sample *s,
                              const char *path, const char *version)
{
    *lg_must_push(arena, &s->in.subject.build.deps) =
        (struct lg_module){sample_str(path), sample_str(version)};
}

static inline void sample_end(struct sample *s, enum lg_end_kind kind,
                              uint64_t at_ms)
{
    struct lg_end *end = &s->in.end;
    end->kind = kind;
    end->t_ns = at_ms * SAMPLE_MS;
    end->wall_ns = SAMPLE_START_NS + (int64_t)end->t_ns;
    end->life_ns = end->t_ns;
    end->exit_code = -1;
    if (kind == LG_END_OOM_KILL || kind == LG_END_SIGNAL)
        end->signal = 9;
}

/* The kernel's report of a full cgroup, as Linux 6.1 writes it. */
static inline void sample_memcg_oom(struct lg_arena *arena, struct sample *s,
                                    uint64_t limit_bytes)
{
    struct lg_oom_event *oom = &s->in.end.oom;
    s->in.end.has_oom = true;
    s->in.end.oom_kill_delta = lg_known(1);
    oom->wall_ns = s->in.end.wall_ns;
    oom->trigger_comm = s->in.subject.comm;
    oom->trigger_pid = 4716;
    oom->gfp_mask = sample_str("0xcc0(GFP_KERNEL)");
    oom->scope = LG_OOM_MEMCG;
    oom->constraint = sample_str("CONSTRAINT_MEMCG");
    oom->oom_memcg = oom->task_memcg = s->in.subject.cgroup;
    oom->usage_bytes = oom->limit_bytes = lg_known(limit_bytes);
    oom->failcnt = lg_known(1187);
    struct lg_oom_task *victim = lg_must_push(arena, &oom->victims);
    victim->pid = s->in.subject.pid;
    victim->comm = s->in.subject.comm;
    victim->total_vm_bytes = lg_known(1812 * SAMPLE_MIB);
    victim->anon_rss_bytes = lg_known(limit_bytes - 9 * SAMPLE_MIB);
    victim->file_rss_bytes = lg_known(5 * SAMPLE_MIB + 4096);
    victim->shmem_rss_bytes = lg_known(0);
    victim->pgtables_bytes = lg_known(696320);
    victim->has_oom_score_adj = true;
    oom->text = sample_str(
        "consumer invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
        "oom_score_adj=0\n"
        "memory: usage 262144kB, limit 262144kB, failcnt 1187\n"
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,"
        "mems_allowed=0,oom_memcg=/lastgasp/run-4711,task_memcg=/lastgasp/"
        "run-4711,task=consumer,pid=4711,uid=0\n"
        "Memory cgroup out of memory: Killed process 4711 (consumer) "
        "total-vm:1855488kB, anon-rss:252928kB, file-rss:5124kB, "
        "shmem-rss:0kB, UID:0 pgtables:680kB oom_score_adj:0\n");
}

static inline void sample_timeline_room(struct lg_arena *arena,
                                        struct sample *s, size_t rows)
{
    lg_timeline_init(&s->in.timeline,
                     lg_must(lg_new(arena, struct lg_timeline_row, rows)),
                     rows);
}

static inline struct lg_timeline_row sample_row(const struct sample *s,
                                                uint64_t t_ms)
{
    struct lg_timeline_row row = {
        .wall_ns = SAMPLE_START_NS + (int64_t)(t_ms * SAMPLE_MS),
        .t_ns = t_ms * SAMPLE_MS,
        .limit_bytes = s->in.subject.limit_bytes,
    };
    return row;
}

static inline struct lg_capture *
sample_capture(struct lg_arena *arena, struct sample *s, const char *name,
               const char *trigger, uint64_t at_ms, uint64_t took_ms)
{
    struct lg_capture *c = lg_must_push(arena, &s->in.captures);
    c->id = (uint32_t)s->in.captures.count;
    c->name = sample_str(name);
    c->trigger = sample_str(trigger);
    c->t_ns = at_ms * SAMPLE_MS;
    c->wall_ns = SAMPLE_START_NS + (int64_t)c->t_ns;
    c->duration_ns = took_ms * SAMPLE_MS;
    c->complete = true;
    *lg_must_push(arena, &c->files) = sample_str("heap.pb.gz");
    *lg_must_push(arena, &c->files) = sample_str("goroutines.txt");
    return c;
}

static inline void sample_part(struct sample *s, enum lg_memory_part part,
                               double mib)
{
    s->verdict.memory.parts[part] =
        lg_known((uint64_t)(mib * (double)SAMPLE_MIB));
}

static inline void sample_memory(struct sample *s, double usage_mib,
                                 uint64_t at_ms)
{
    struct lg_memory *m = &s->verdict.memory;
    m->known = true;
    m->at_ns = SAMPLE_START_NS + (int64_t)(at_ms * SAMPLE_MS);
    m->usage_bytes = lg_known((uint64_t)(usage_mib * (double)SAMPLE_MIB));
    m->rss_bytes = lg_known(m->usage_bytes.value - 4 * SAMPLE_MIB);
    int64_t rest = (int64_t)m->usage_bytes.value;
    for (int i = 0; i < LG_PART_COUNT; i++)
        rest -= (int64_t)m->parts[i].value;
    m->unexplained_bytes = rest;
}

static inline void sample_fact(struct lg_arena *arena, struct lg_finding *f,
                               bool against, const char *fact, double value,
                               const char *unit, const char *source,
                               uint32_t capture)
{
    struct lg_evidence *e = against ? lg_must_push(arena, &f->against)
                                    : lg_must_push(arena, &f->evidence);
    e->fact = sample_str(fact);
    e->value = value;
    e->unit = sample_str(unit);
    e->source = sample_str(source);
    e->capture = capture;
}

static inline void sample_not_judged(struct lg_arena *arena, struct sample *s,
                                     enum lg_cause cause, const char *missing,
                                     const char *reason)
{
    struct lg_not_judged *n = lg_must_push(arena, &s->verdict.not_judged);
    n->cause = cause;
    n->missing = sample_str(missing);
    n->reason = sample_str(reason);
}

static inline void sample_absent(struct lg_arena *arena, struct sample *s,
                                 enum lg_absence kind, const char *what,
                                 const char *source, const char *reason)
{
    *lg_must_push(arena, &s->in.absent) = (struct lg_absent){
        sample_str(what), sample_str(source), sample_str(reason), kind};
}

/* The incidents. */

#define SAMPLE_GO_ZERO                                                         \
    "/root/go/pkg/mod/github.com/zeromicro/go-zero@v1.10.3/core/collection/"

static inline void sample_wheel_finding(struct lg_arena *arena,
                                        struct sample *s)
{
    static const char dump[] = "captures/0007-rate/goroutines.txt";
    struct lg_finding *f = lg_must_push(arena, &s->verdict.findings);
    f->cause = LG_CAUSE_GOROUTINE_LEAK;
    f->title = sample_str("goroutine leak: 93 % of the memory");
    f->summary = sample_str("41,208 goroutines wait in `select` and none has "
                            "ever ended; 4,980 more every second");
    f->confidence = 0.97;
    f->proof = sample_str("growth");
    f->where = sample_frame("consumer/worker.handle",
                            "/src/consumer/worker/handle.go", 31);
    f->where_role = sample_str("starts it");
    f->leaf = sample_frame(
        "github.com/zeromicro/go-zero/core/collection.(*TimingWheel).run",
        SAMPLE_GO_ZERO "timingwheel.go", 113);
    f->created_by = sample_frame("github.com/zeromicro/go-zero/core/collection."
                                 "NewTimingWheelWithTicker",
                                 SAMPLE_GO_ZERO "timingwheel.go", 98);
    f->wait_reason = sample_str("select");
    f->wait_count = lg_known(41208);
    f->wait_longest_ns = lg_known(0);
    f->bytes = lg_known(249561088);
    f->share = 0.93;
    f->rate_bytes_per_s = 30159872;
    f->count = lg_known(41208);
    f->count_rate_per_s = 4980;
    sample_fact(arena, f, false, "goroutines in this group", 41208, "count",
                dump, 7);
    sample_fact(arena, f, false, "of all goroutines", 0.9994, "ratio", dump, 7);
    sample_fact(arena, f, false, "more goroutines per second", 4980.4,
                "count/s", "timeline.csv", 0);
    sample_fact(arena, f, false, "stack memory", 106220748, "bytes",
                "captures/0007-rate/heap.txt", 7);
    sample_fact(arena, f, true, "goroutines that ended", 3, "count", dump, 7);
    *lg_must_push(arena, &f->stack) = f->leaf;
    *lg_must_push(arena, &f->stack) = f->created_by;
    *lg_must_push(arena, &f->stack) = f->where;
    f->fix = sample_str("Each call starts a goroutine that lives as long as "
                        "the cache. Make the cache once, outside the handler.");
    s->report.where_source =
        sample_str("\tc, err := collection.NewCache(30 * time.Second)");
}

static inline void sample_wheel_timeline(struct lg_arena *arena,
                                         struct sample *s)
{
    sample_timeline_room(arena, s, 128);
    for (uint64_t t = 0; t <= 8400; t += t < 4000 ? 200 : 100) {
        if (t >= 2000 && t < 2600)
            continue; /* the recorder was kept waiting */
        struct lg_timeline_row row = sample_row(s, t);
        uint64_t n = t * 4980 / 1000;
        row.usage_bytes = lg_known(11 * SAMPLE_MIB + n * 6150);
        row.rss_bytes = lg_known(row.usage_bytes.value - 3 * SAMPLE_MIB);
        row.goroutines = lg_known(9 + n);
        row.threads = lg_known(9);
        row.fds = lg_known(8);
        if (t % 1000 == 0) { /* seen only at a capture */
            row.heap_bytes = lg_known(4 * SAMPLE_MIB + n * 2900);
            row.stack_bytes = lg_known(SAMPLE_MIB + n * 2560);
        }
        lg_timeline_add(&s->in.timeline, &row);
    }
}

static inline void sample_timing_wheel(struct lg_arena *arena, struct sample *s)
{
    static const struct {
        const char *name, *trigger;
        uint64_t at_ms;
    } captures[] = {
        {"captures/0001-start", "start", 40},
        {"captures/0002-goroutines", "goroutines \u00d7 2", 900},
        {"captures/0003-usage-25", "usage 25 %", 1800},
        {"captures/0004-usage-50", "usage 50 %", 4000},
        {"captures/0005-usage-75", "usage 75 %", 6200},
        {"captures/0006-usage-90", "usage 90 %", 7500},
        {"captures/0007-rate", "rate", 8000},
    };
    sample_begin(arena, s, "/src/consumer/consumer", "consumer",
                 256 * SAMPLE_MIB);
    sample_dep(arena, s, "github.com/zeromicro", "v0.0.1");
    sample_dep(arena, s, "github.com/zeromicro/go-zero", "v1.10.3");
    sample_end(s, LG_END_OOM_KILL, 8400);
    sample_memcg_oom(arena, s, 256 * SAMPLE_MIB);
    sample_wheel_timeline(arena, s);
    for (size_t i = 0; i < LG_COUNT(captures); i++)
        sample_capture(arena, s, captures[i].name, captures[i].trigger,
                       captures[i].at_ms, 60 * i + 2);
    sample_part(s, LG_PART_LIVE_HEAP, 118.0);
    sample_part(s, LG_PART_STACKS, 101.3);
    sample_part(s, LG_PART_GARBAGE, 21.9);
    sample_part(s, LG_PART_RUNTIME, 9.1);
    sample_part(s, LG_PART_SHMEM, 0);
    sample_part(s, LG_PART_FILES, 5.1);
    sample_memory(s, 256.0, 8362);
    sample_wheel_finding(arena, s);
    sample_not_judged(arena, s, LG_CAUSE_TIMER_LEAK, "live runtime timers",
                      "pprof over HTTP does not tell them");
    sample_absent(arena, s, LG_NOT_PERMITTED, "kernel stack of the victim",
                  "/proc/4711/stack", "needs CAP_SYS_ADMIN");
}

static inline void sample_burst_finding(struct lg_arena *arena,
                                        struct sample *s)
{
    static const char heap[] = "captures/0004-rate/heap.pb.gz";
    struct lg_finding *f = lg_must_push(arena, &s->verdict.findings);
    f->cause = LG_CAUSE_HEAP_BURST;
    f->title = sample_str("heap burst: 88 % of the memory");
    f->summary = sample_str(
        "one path allocated 451.3 MiB within 1.9 s; before that the heap "
        "stood at 18.2 MiB for 41 s");
    f->confidence = 0.91;
    f->proof = sample_str("growth");
    f->where =
        sample_frame("github.com/acme/orders/internal/store.(*Repo).Export",
                     "/build/orders/internal/store/export.go", 57);
    f->leaf = sample_frame("github.com/glebarez/go-sqlite.(*rows).Next",
                           "/root/go/pkg/mod/github.com/glebarez/"
                           "go-sqlite@v1.22.0/rows.go",
                           161);
    f->bytes = lg_known(473222348);
    f->share = 0.88;
    f->rate_bytes_per_s = 249064393;
    sample_fact(arena, f, false, "in use below this call", 473222348, "bytes",
                heap, 4);
    sample_fact(arena, f, false, "growth of the heap", 249064393, "bytes/s",
                "timeline.csv", 0);
    sample_fact(arena, f, false, "flat before that for", 41e9, "ns",
                "timeline.csv", 0);
    sample_fact(arena, f, true, "the profile covers", 0.964, "ratio", heap, 4);
    f->fix = sample_str("Read the table in pages (FindInBatches), or stream "
                        "the rows with Rows() and write each as it comes.");
    struct lg_finding *second = lg_must_push(arena, &s->verdict.findings);
    second->cause = LG_CAUSE_GC_HEADROOM;
    second->title = sample_str("GC headroom: 4 % of the memory");
    second->summary = sample_str("GOMEMLIMIT is not set; the garbage allowance "
                                 "(GOGC=100) alone passes the limit");
    second->confidence = 0.34;
    second->bytes = lg_known(22 * SAMPLE_MIB);
    second->share = 0.04;
    sample_fact(arena, second, false, "heap goal", 9.1e8, "bytes",
                "captures/0004-rate/heap.txt", 4);
    second->fix = sample_str("Set GOMEMLIMIT to 90 % of the limit.");
}

static inline void sample_find_all(struct lg_arena *arena, struct sample *s)
{
    sample_begin(arena, s, "/usr/local/bin/orders", "github.com/acme/orders",
                 512 * SAMPLE_MIB);
    s->in.subject.identity.unit = sample_str("orders.service");
    s->in.subject.cgroup = sample_str("/system.slice/orders.service");
    s->in.subject.limit_source =
        sample_str("memory.max of /system.slice/orders.service");
    sample_dep(arena, s, "github.com/glebarez/go-sqlite", "v1.22.0");
    sample_dep(arena, s, "gorm.io/gorm", "v1.31.0");
    sample_end(s, LG_END_OOM_KILL, 43200);
    sample_memcg_oom(arena, s, 512 * SAMPLE_MIB);
    sample_timeline_room(arena, s, 256);
    for (uint64_t t = 0; t <= 43200; t += t < 41000 ? 500 : 40) {
        struct lg_timeline_row row = sample_row(s, t);
        uint64_t burst = t > 41300 ? (t - 41300) * 249064 : 0;
        uint64_t noise = (t / 500 % 7) * 300000;
        row.heap_bytes = lg_known(18 * SAMPLE_MIB + burst + noise);
        row.rss_bytes = lg_known(39 * SAMPLE_MIB + burst + noise);
        row.usage_bytes = lg_known(44 * SAMPLE_MIB + burst + noise);
        row.goroutines = lg_known(23 + t / 500 % 5);
        row.threads = lg_known(11);
        row.fds = lg_known(14);
        lg_timeline_add(&s->in.timeline, &row);
    }
    sample_capture(arena, s, "captures/0001-start", "start", 100, 12);
    sample_capture(arena, s, "captures/0002-usage-25", "usage 25 %", 41700, 30);
    sample_capture(arena, s, "captures/0003-usage-50", "usage 50 %", 42200, 90);
    struct lg_capture *last =
        sample_capture(arena, s, "captures/0004-rate", "rate", 42700, 480);
    last->complete = false;
    *lg_must_push(arena, &last->quality) =
        sample_str("trace.out: cut at 1.2 MiB");
    sample_part(s, LG_PART_LIVE_HEAP, 409.6);
    sample_part(s, LG_PART_GARBAGE, 41.7);
    sample_part(s, LG_PART_RUNTIME, 12.4);
    sample_part(s, LG_PART_STACKS, 1.2);
    sample_part(s, LG_PART_PAGE_CACHE, 4.9);
    sample_memory(s, 468.2, 43020);
    sample_burst_finding(arena, s);
}

static inline void sample_idle_pool(struct lg_arena *arena, struct sample *s)
{
    sample_begin(arena, s, "/srv/idle-pool", "example.com/idlepool/v2",
                 256 * SAMPLE_MIB);
    s->in.subject.build.path = sample_str("example.com/idlepool/v2/cmd/api");
    sample_end(s, LG_END_OOM_KILL, 1310);
    s->in.end.oom_kill_delta = lg_known(1); /* the log was not readable */
    sample_timeline_room(arena, s, 64);
    for (uint64_t t = 0; t <= 1300; t += 50) {
        struct lg_timeline_row row = sample_row(s, t);
        row.usage_bytes = lg_known((9 + t / 6) * SAMPLE_MIB);
        lg_timeline_add(&s->in.timeline, &row);
    }
    sample_capture(arena, s, "captures/0001-rate", "rate", 900, 140);
    sample_part(s, LG_PART_STACKS, 128.0);
    sample_part(s, LG_PART_LIVE_HEAP, 2.1);
    sample_part(s, LG_PART_OTHER_PROCESSES, 0.7);
    sample_memory(s, 118.3, 1240);
    struct lg_finding *f = lg_must_push(arena, &s->verdict.findings);
    f->cause = LG_CAUSE_INFINITE_RECURSION;
    f->title = sample_str("infinite recursion: 98 % of the memory");
    f->summary =
        sample_str("the stack of one goroutine takes 128.0 MiB: the same 1 "
                   "frame repeats 1,398,101 times; the live heap is 2.1 MiB");
    f->confidence = 0.99;
    f->proof = sample_str("signature");
    f->where = f->leaf =
        sample_frame("example.com/idlepool/v2/pool.(*Pool).Get",
                     "/src/idlepool/pool/get.go", 44);
    f->where_role = sample_str("calls itself here");
    f->created_by =
        sample_frame("main.main.func1", "/src/idlepool/cmd/api/main.go", 19);
    f->bytes = lg_known(128 * SAMPLE_MIB);
    f->share = 0.98;
    sample_fact(arena, f, false, "repeats of the cycle", 1398101, "count",
                "captures/0001-rate/goroutines.txt", 1);
    f->fix = sample_str("The recursion ends only when the wait is positive; "
                        "check the client's value before it is converted.");
    sample_absent(arena, s, LG_NOT_PERMITTED, "kernel log", "/dev/kmsg",
                  "not permitted");
}

static inline void sample_not_oom(struct lg_arena *arena, struct sample *s)
{
    sample_begin(arena, s, "/usr/bin/gateway", "github.com/acme/gateway",
                 1024 * SAMPLE_MIB);
    sample_end(s, LG_END_SIGNAL, 97400);
    struct lg_signal_event *term = lg_must_push(arena, &s->in.end.signals);
    *term = (struct lg_signal_event){.wall_ns =
                                         SAMPLE_START_NS + INT64_C(87400000000),
                                     .signal = 15,
                                     .sender_pid = 1,
                                     .sender_comm = sample_str("systemd")};
    struct lg_signal_event *kill = lg_must_push(arena, &s->in.end.signals);
    *kill = (struct lg_signal_event){.wall_ns =
                                         SAMPLE_START_NS + INT64_C(97400000000),
                                     .signal = 9,
                                     .sender_pid = 1,
                                     .sender_comm = sample_str("systemd")};
    struct lg_finding *f = lg_must_push(arena, &s->verdict.findings);
    f->cause = LG_CAUSE_NOT_OOM;
    f->title = sample_str("not an OOM kill: stopped by systemd (pid 1)");
    f->summary = sample_str("SIGTERM, then SIGKILL 10.0 s later; memory stood "
                            "at 6 % of the limit");
    f->confidence = 0.99;
    f->proof = sample_str("signature");
    sample_fact(arena, f, false, "usage of the limit", 0.061, "ratio",
                "timeline.csv", 0);
    f->fix = sample_str("End within TimeoutStopSec after SIGTERM.");
    sample_capture(arena, s, "captures/0001-start", "start", 100, 12);
}

static inline void sample_none(struct lg_arena *arena, struct sample *s)
{
    sample_begin(arena, s, "/src/consumer/consumer", "consumer",
                 256 * SAMPLE_MIB);
    sample_end(s, LG_END_EXIT, 10020);
    s->in.end.exit_code = 0;
    sample_timeline_room(arena, s, 64);
    for (uint64_t t = 0; t <= 10000; t += 200) {
        struct lg_timeline_row row = sample_row(s, t);
        uint64_t wave = t / 200 % 9;
        row.usage_bytes = lg_known((24 + wave) * SAMPLE_MIB);
        row.rss_bytes = lg_known((22 + wave) * SAMPLE_MIB);
        row.goroutines = lg_known(12);
        lg_timeline_add(&s->in.timeline, &row);
    }
    sample_capture(arena, s, "captures/0001-start", "start", 40, 3);
    sample_part(s, LG_PART_LIVE_HEAP, 6.5);
    sample_part(s, LG_PART_RUNTIME, 5.5);
    sample_part(s, LG_PART_FILES, 4.0);
    sample_memory(s, 16.0, 9990);
}

static inline void sample_inconclusive(struct lg_arena *arena, struct sample *s)
{
    sample_begin(arena, s, "/usr/bin/mystery", "", 256 * SAMPLE_MIB);
    s->in.id = sample_str("");
    s->report.folder = sample_str("./mystery evidence");
    s->in.subject.build.go_version = sample_str("");
    sample_end(s, LG_END_OOM_KILL, 4000);
    s->in.end.life_ns = 0;
    sample_memcg_oom(arena, s, 256 * SAMPLE_MIB);
    s->in.end.oom.oom_memcg = sample_str("/kubepods/burstable/pod1");
    s->verdict.inconclusive = true;
    sample_not_judged(arena, s, LG_CAUSE_GOROUTINE_LEAK,
                      "two goroutine captures", "none was taken");
    sample_not_judged(arena, s, LG_CAUSE_HEAP_LEAK, "two heap captures",
                      "none was taken");
    sample_absent(arena, s, LG_NOT_THERE, "pprof endpoint",
                  "http://127.0.0.1:6060/debug/pprof/",
                  "the program listens on no port");
}

static inline void sample_empty(struct lg_arena *arena, struct sample *s)
{
    (void)arena;
    memset(s, 0, sizeof *s);
    s->in.arena = arena;
    s->report.incident = &s->in;
    s->report.verdict = &s->verdict;
}

/* Everything that the outside world may name, named by an enemy of terminals
 * and of pages. */
#define SAMPLE_EVIL                                                            \
    "\033[31mred\033[0m\r\n</pre></script><img src=x onerror=alert(1)>"        \
    "\"'&amp;&#60;\x9b\xff\xc2\x9b\xe2\x80\xae]]>--><!--\t${x}"

static inline void sample_hostile_finding(struct lg_arena *arena,
                                          struct sample *s, enum lg_cause cause)
{
    struct lg_finding *f = lg_must_push(arena, &s->verdict.findings);
    struct lg_str evil = sample_str(SAMPLE_EVIL);
    f->cause = cause;
    f->title = f->summary = f->proof = f->where_role = f->fix = evil;
    f->where = f->leaf = f->created_by = (struct lg_frame){evil, evil, 1};
    f->leaf.line = 2;
    f->created_by.line = UINT32_MAX;
    f->wait_reason = evil;
    f->confidence = 7;
    f->share = -1;
    f->bytes = f->count = f->wait_count = lg_known(UINT64_MAX);
    for (int i = 0; i < 2; i++) {
        struct lg_evidence *e = i == 0 ? lg_must_push(arena, &f->evidence)
                                       : lg_must_push(arena, &f->against);
        *e = (struct lg_evidence){
            evil, -1.0 / 3, evil, i == 0 ? evil : LG_STR(""), evil, 9};
    }
    *lg_must_push(arena, &f->stack) = f->where;
}

static inline void sample_hostile(struct lg_arena *arena, struct sample *s)
{
    struct lg_str evil = sample_str(SAMPLE_EVIL);
    sample_begin(arena, s, SAMPLE_EVIL, SAMPLE_EVIL, UINT64_MAX);
    struct lg_subject *subject = &s->in.subject;
    s->in.id = s->report.folder = s->report.where_source = evil;
    subject->build.go_version = subject->build.build_id = evil;
    subject->cgroup = subject->limit_source = evil;
    subject->identity.unit = subject->identity.container_id = evil;
    subject->identity.pod_uid = evil;
    sample_dep(arena, s, SAMPLE_EVIL, SAMPLE_EVIL);
    sample_end(s, LG_END_OOM_KILL, 10);
    sample_memcg_oom(arena, s, UINT64_MAX);
    s->in.end.oom.text = s->in.end.oom.constraint = evil;
    s->in.end.oom.oom_memcg = s->in.end.oom.trigger_comm = evil;
    s->in.end.oom.victims.items[0].comm = evil;
    sample_timeline_room(arena, s, 16);
    for (uint64_t i = 0; i < 16; i++) {
        struct lg_timeline_row row = {.t_ns = i < 8 ? 0 : UINT64_MAX - i,
                                      .usage_bytes = lg_known(UINT64_MAX),
                                      .limit_bytes = lg_known(i)};
        if (i % 3 != 0)
            row.goroutines = lg_known(UINT64_MAX - i);
        lg_timeline_add(&s->in.timeline, &row);
    }
    struct lg_capture *c =
        sample_capture(arena, s, SAMPLE_EVIL, SAMPLE_EVIL, 5, 1);
    c->complete = false;
    c->t_ns = UINT64_MAX;
    c->files.items[0] = evil;
    *lg_must_push(arena, &c->quality) = evil;
    s->verdict.memory.known = true;
    s->verdict.memory.usage_bytes = lg_known(UINT64_MAX);
    s->verdict.memory.unexplained_bytes = INT64_MIN;
    for (int i = 0; i < LG_PART_COUNT; i++)
        s->verdict.memory.parts[i] = lg_known(UINT64_MAX);
    s->verdict.memory.parts[LG_PART_STACKS] = lg_known(INT64_MAX);
    sample_hostile_finding(arena, s, LG_CAUSE_GOROUTINE_LEAK);
    sample_hostile_finding(arena, s, LG_CAUSE_HEAP_LEAK);
    sample_not_judged(arena, s, LG_CAUSE_SHMEM, SAMPLE_EVIL, SAMPLE_EVIL);
    sample_absent(arena, s, LG_GONE, SAMPLE_EVIL, SAMPLE_EVIL, SAMPLE_EVIL);
}

static const struct sample_kind {
    const char *name;
    sample_fn *build;
} samples[] = {
    {"timing-wheel", sample_timing_wheel},
    {"find-all", sample_find_all},
    {"idle-pool", sample_idle_pool},
    {"not-oom", sample_not_oom},
    {"none", sample_none},
    {"inconclusive", sample_inconclusive},
    {"empty", sample_empty},
    {"hostile", sample_hostile},
};

#endif
