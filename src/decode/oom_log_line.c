/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_line.h"

#include "base/vec.h"

#include <string.h>

static struct lg_str skip_blanks(struct lg_str s)
{
    while (s.len != 0 && s.data[0] == ' ')
        s = lg_str_skip(s, 1);
    return s;
}

/* Kibibytes → bytes; what does not fit is not known. */
static struct lg_num kib(uint64_t n)
{
    return n <= UINT64_MAX / 1024 ? lg_known(n * 1024) : (struct lg_num){0};
}

struct lg_num lg_oom_line_kb(struct lg_str text, struct lg_str key)
{
    struct lg_cut cut = lg_str_cut(text, key);
    uint64_t n;
    if (!cut.found || !lg_str_take_u64(&cut.tail, &n))
        return (struct lg_num){0};
    return kib(n);
}

bool lg_oom_line_usage(struct lg_str rest, struct lg_num *usage_bytes,
                       struct lg_num *limit_bytes, struct lg_num *failcnt)
{
    uint64_t usage, limit, count;
    if (!lg_str_after(rest, LG_STR("usage "), &rest) ||
        !lg_str_take_u64(&rest, &usage) ||
        !lg_str_after(rest, LG_STR("kB, limit "), &rest) ||
        !lg_str_take_u64(&rest, &limit) ||
        !lg_str_after(rest, LG_STR("kB, failcnt "), &rest) ||
        !lg_str_take_u64(&rest, &count))
        return false;
    *usage_bytes = kib(usage);
    /* PAGE_COUNTER_MAX in KiB (and, in 3.10, RESOURCE_MAX): unlimited. */
    *limit_bytes =
        limit < UINT64_C(9007199254740000) ? kib(limit) : (struct lg_num){0};
    *failcnt = lg_known(count);
    return true;
}

bool lg_oom_line_stat(struct lg_str text, struct lg_str *name_ret,
                      uint64_t *value_ret)
{
    size_t i = 0;
    while (i < text.len &&
           ((text.data[i] >= 'a' && text.data[i] <= 'z') ||
            text.data[i] == '_' ||
            (i != 0 && text.data[i] >= '0' && text.data[i] <= '9')))
        i++;
    if (i == 0 || i >= text.len || text.data[i] != ' ' ||
        !lg_str_u64(lg_str_from(text.data + i + 1, text.len - i - 1),
                    value_ret))
        return false;
    *name_ret = lg_str_from(text.data, i);
    return true;
}

struct word {
    const char *data;
    size_t len;
};
#define WORD(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

static bool starts_with_any(struct lg_str text, const struct word *words,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text.data[0] == words[i].data[0] && text.len >= words[i].len &&
            memcmp(text.data, words[i].data, words[i].len) == 0)
            return true;
    return false;
}

bool lg_oom_line_is_trace(struct lg_str text)
{
    static const struct word words[] = {
        WORD("Call Trace:"),    WORD("Call trace:"),
        WORD("Hardware name:"), WORD("RIP: "),
        WORD("Code: "),         WORD("RSP: "),
        WORD("RAX: "),          WORD("RDX: "),
        WORD("RBP: "),          WORD("R10: "),
        WORD("R13: "),          WORD("ORIG_RAX"),
        WORD("Tainted: "),      WORD("COMPACTION is disabled"),
        WORD("<TASK>"),         WORD("</TASK>"),
        WORD("<IRQ>"),          WORD("</IRQ>"),
        WORD("Workqueue: "),    WORD("Stack:"),
        WORD("pc : "),          WORD("lr : "),
        WORD("sp : ")};
    text = skip_blanks(text);
    if (text.len == 0)
        return false;
    if (starts_with_any(text, words, LG_COUNT(words)))
        return true;
    /* dump_stack_lvl+0x57/0x80 */
    const char *plus = memchr(text.data, '+', text.len);
    if (plus == NULL)
        return false;
    struct lg_str at = lg_str_skip(text, (size_t)(plus - text.data) + 1);
    if (!lg_str_after(at, LG_STR("0x"), &at))
        return false;
    while (at.len != 0 && at.data[0] != '/' && at.data[0] != ' ')
        at = lg_str_skip(at, 1);
    return lg_str_starts(at, LG_STR("/0x"));
}

bool lg_oom_line_is_mem_info(struct lg_str text)
{
    static const struct word words[] = {WORD("Node "),
                                        WORD("lowmem_reserve"),
                                        WORD("active_anon:"),
                                        WORD("active_file:"),
                                        WORD("unevictable:"),
                                        WORD("slab_reclaimable:"),
                                        WORD("mapped:"),
                                        WORD("sec_pagetables:"),
                                        WORD("kernel_misc_reclaimable:"),
                                        WORD("free:"),
                                        WORD("Free swap"),
                                        WORD("Total swap"),
                                        WORD("Swap cache stats"),
                                        WORD("Unreclaimable slab"),
                                        WORD("Name  "),
                                        WORD("pages in swap"),
                                        WORD("DMA"),
                                        WORD("Normal"),
                                        WORD("CPU "),
                                        WORD("Memory allocations")};
    static const struct word ends[] = {
        WORD(" pages RAM"),
        WORD(" pages HighMem/MovableOnly"),
        WORD(" pages reserved"),
        WORD(" total pagecache pages"),
        WORD(" pages in swap cache"),
        WORD(" pages cma reserved"),
        WORD(" pages hwpoisoned"),
        WORD(" pages HighMem"),
        WORD(" pages in pagetable cache"),
        WORD("KB")}; /* slab sizes: "kmalloc-2k   1234KB   2345KB" */
    text = skip_blanks(text);
    if (text.len == 0)
        return false;
    if (starts_with_any(text, words, LG_COUNT(words)))
        return true;
    for (size_t i = 0; i < LG_COUNT(ends); i++)
        if (lg_str_ends(text, lg_str_from(ends[i].data, ends[i].len)))
            return true;
    return false;
}

static bool pid_take(struct lg_str *s, int64_t *pid_ret)
{
    uint64_t pid;
    if (!lg_str_take_u64(s, &pid) || pid > INT32_MAX)
        return false;
    *pid_ret = (int64_t)pid;
    return true;
}

/* ":0kB" behind a key of the Killed line. pgtables is in bytes on 5.3 … 5.6,
 * although it says kB: oom_log_event.c puts that right. */
static void killed_numbers(struct lg_str numbers, struct lg_oom_task *t)
{
    t->total_vm_bytes = lg_oom_line_kb(numbers, LG_STR("total-vm:"));
    t->anon_rss_bytes = lg_oom_line_kb(numbers, LG_STR("anon-rss:"));
    t->file_rss_bytes = lg_oom_line_kb(numbers, LG_STR("file-rss:"));
    t->shmem_rss_bytes = lg_oom_line_kb(numbers, LG_STR("shmem-rss:"));
    t->pgtables_bytes = lg_oom_line_kb(numbers, LG_STR("pgtables:"));
    struct lg_cut uid = lg_str_cut(numbers, LG_STR("UID:"));
    uint64_t n;
    if (uid.found && lg_str_take_u64(&uid.tail, &n))
        t->uid = lg_known(n);
    struct lg_cut adj = lg_str_cut(numbers, LG_STR("oom_score_adj:"));
    int64_t value;
    if (adj.found && lg_str_i64(lg_str_trim(adj.tail), &value) &&
        value >= -1000 && value <= 1000) {
        t->has_oom_score_adj = true;
        t->oom_score_adj = (int32_t)value;
    }
}

static bool uid_between(struct lg_str s, struct lg_oom_task *t)
{
    uint64_t uid;
    if (!lg_str_after(s, LG_STR(", UID "), &s) || !lg_str_take_u64(&s, &uid))
        return false;
    t->uid = lg_known(uid);
    return true;
}

/* Behind "Killed process ":
 *   N (x) total-vm:…           mainline
 *   N (x), UID U, total-vm:…   RHEL 7
 *   N, UID U, (x) total-vm:…   RHEL 6 */
static bool killed(struct lg_str s, struct lg_oom_line *l)
{
    struct lg_oom_task *t = &l->task;
    struct lg_cut numbers = lg_str_rcut(s, LG_STR(" total-vm:"));
    if (!numbers.found || !pid_take(&s, &t->pid))
        return false;
    if (uid_between(s, t)) {
        struct lg_cut uid = lg_str_cut(s, LG_STR(", ("));
        s = lg_str_skip(s, s.len - uid.tail.len - 1);
    } else {
        s = lg_str_skip(s, s.len != 0 && s.data[0] == ' ' ? 1 : 0);
    }
    size_t used = (size_t)(s.data - numbers.head.data);
    if (used > numbers.head.len)
        return false;
    struct lg_str name = lg_str_skip(numbers.head, used);
    if (lg_str_ends(name, LG_STR(","))) { /* …, UID 1000, */
        struct lg_cut uid = lg_str_rcut(name, LG_STR(", UID "));
        if (!uid.found || !uid_between(lg_str_skip(name, uid.head.len), t))
            return false;
        name = uid.head;
    }
    if (name.len < 2 || name.data[0] != '(' || !lg_str_ends(name, LG_STR(")")))
        return false;
    t->comm = lg_str_from(name.data + 1, name.len - 2);
    killed_numbers(lg_str_skip(s, s.len - numbers.tail.len - 9), t);
    l->kind = LG_OOM_LINE_KILLED;
    return true;
}

/* "N (x)" before words that end the name. */
static bool pid_and_name(struct lg_str s, struct lg_str behind,
                         struct lg_oom_task *t)
{
    struct lg_cut name = lg_str_rcut(s, behind);
    if (!name.found || !pid_take(&name.head, &t->pid) ||
        !lg_str_after(name.head, LG_STR(" ("), &name.head))
        return false;
    t->comm = name.head;
    return true;
}

static bool kill_or_sharing(struct lg_str s, struct lg_oom_line *l)
{
    if (pid_and_name(s, LG_STR(") score "), &l->task)) {
        l->kind = LG_OOM_LINE_KILL;
        return true;
    }
    if (pid_and_name(s, LG_STR(") sharing same memory"), &l->task)) {
        l->kind = LG_OOM_LINE_SHARING;
        return true;
    }
    return false;
}

static bool exiting(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_EXITING;
    return pid_and_name(s, LG_STR(") is already exiting"), &l->task);
}

/* What follows "Out of memory" and its like. */
static bool message(struct lg_str s, struct lg_oom_line *l)
{
    if (lg_str_starts(s, LG_STR(" and no killable processes"))) {
        l->kind = LG_OOM_LINE_NO_KILLABLE;
        return true;
    }
    (void)lg_str_after(s, LG_STR(" (oom_kill_allocating_task)"), &s);
    if (lg_str_after(s, LG_STR(": Killed process "), &s))
        return killed(s, l);
    if (lg_str_after(s, LG_STR(": Kill process "), &s))
        return kill_or_sharing(s, l);
    return lg_str_after(s, LG_STR(": OOM victim "), &s) && exiting(s, l);
}

static bool memcg_message(struct lg_str s, struct lg_oom_line *l)
{
    l->of_memcg = true;
    return message(s, l);
}

static bool panic(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_PANIC;
    return lg_str_starts(s, LG_STR("Out of memory")) ||
           lg_str_starts(s, LG_STR("System is deadlocked on memory"));
}

static bool usage(struct lg_str s, struct lg_oom_line *l)
{
    struct lg_num a, b, c;
    l->kind = LG_OOM_LINE_USAGE;
    l->rest = s;
    return lg_oom_line_usage(s, &a, &b, &c);
}

static bool memsw(struct lg_str s, struct lg_oom_line *l)
{
    bool ok = usage(s, l);
    l->kind = LG_OOM_LINE_MEMSW;
    return ok;
}

static bool swap(struct lg_str s, struct lg_oom_line *l)
{
    bool ok = usage(s, l);
    l->kind = LG_OOM_LINE_SWAP;
    return ok;
}

static bool kmem(struct lg_str s, struct lg_oom_line *l)
{
    bool ok = usage(s, l);
    l->kind = LG_OOM_LINE_KMEM;
    return ok;
}

/* "/a:" and, to 5.2, " cache:0KB rss:4KB …" behind it. A path may hold
 * colons: the last that ends the line, or stands before the first stat. */
static bool stats(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_STATS;
    struct lg_cut row = lg_str_rcut(s, LG_STR(": cache:"));
    if (row.found) {
        l->path = row.head;
        l->rest = lg_str_skip(s, row.head.len + 2);
        return true;
    }
    s = lg_str_trim_right(s);
    if (!lg_str_ends(s, LG_STR(":")))
        return false;
    l->path = lg_str_first(s, s.len - 1);
    return true;
}

static bool task_in(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_TASK_IN;
    l->rest = s;
    return lg_str_contains(s, LG_STR(" killed as a result of limit of "));
}

static bool group(struct lg_str s, struct lg_oom_line *l)
{
    struct lg_cut path = lg_str_rcut(
        s, LG_STR(" are going to be killed due to memory.oom.group set"));
    l->kind = LG_OOM_LINE_GROUP;
    l->path = path.head;
    return path.found;
}

static bool reaped(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_REAPED;
    if (s.len != 0 && s.data[0] == ':') /* 4.6 */
        s = lg_str_skip(s, 1);
    return pid_and_name(s, LG_STR("), now anon-rss:"), &l->task) ||
           pid_and_name(s, LG_STR(") anon-rss:"), &l->task);
}

static bool constraint(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_CONSTRAINT;
    l->rest = s;
    struct lg_cut uid = lg_str_rcut(s, LG_STR(",uid="));
    struct lg_cut pid = lg_str_rcut(uid.head, LG_STR(",pid="));
    uint64_t number;
    if (!uid.found || !pid.found || !pid_take(&pid.tail, &l->task.pid) ||
        pid.tail.len != 0)
        return lg_str_starts(s, LG_STR("CONSTRAINT_"));
    if (lg_str_take_u64(&uid.tail, &number))
        l->task.uid = lg_known(number);
    return true;
}

static bool cpu(struct lg_str s, struct lg_oom_line *l)
{
    struct lg_cut pid = lg_str_cut(s, LG_STR(" PID: "));
    struct lg_cut comm = lg_str_cut(s, LG_STR(" Comm: "));
    l->kind = LG_OOM_LINE_CPU;
    l->rest = comm.tail;
    return pid.found && comm.found && pid_take(&pid.tail, &l->task.pid);
}

/* Before 3.9: "Pid: 1234, comm: x Not tainted 3.2.0 #1". */
static bool cpu_old(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_CPU;
    return pid_take(&s, &l->task.pid) &&
           lg_str_after(s, LG_STR(", comm: "), &l->rest);
}

static bool mem_info(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_MEM_INFO;
    return lg_str_trim(s).len == 0;
}

static bool table_title(struct lg_str s, struct lg_oom_line *l)
{
    l->kind = LG_OOM_LINE_TABLE_TITLE;
    return true;
}

static bool table_head(struct lg_str s, struct lg_oom_line *l)
{
    s = skip_blanks(s);
    if (!lg_str_after(s, LG_STR("pid"), &s))
        return false;
    s = skip_blanks(s);
    l->kind = LG_OOM_LINE_TABLE_HEAD;
    return lg_str_after(s, LG_STR("]"), &l->rest) &&
           lg_str_contains(s, LG_STR(" tgid "));
}

static bool bare_killed(struct lg_str s, struct lg_oom_line *l)
{
    return killed(s, l);
}

static const struct {
    const char *word;
    size_t len;
    bool (*parse)(struct lg_str rest, struct lg_oom_line *l);
} forms[] = {
#define FORM(word, parse)                                                      \
    {                                                                          \
        word, sizeof(word) - 1, parse                                          \
    }
    FORM("[", table_head),
    FORM("memory: ", usage),
    FORM("memory+swap: ", memsw),
    FORM("swap: ", swap),
    FORM("kmem: ", kmem),
    FORM("CPU: ", cpu),
    FORM("Pid: ", cpu_old),
    FORM("Task in ", task_in),
    FORM("Tasks in ", group),
    FORM("Tasks state (memory values in ", table_title),
    FORM("Memory cgroup stats for ", stats),
    FORM("Memory cgroup out of memory", memcg_message),
    FORM("Mem-Info:", mem_info),
    FORM("Out of memory", message),
    FORM("oom-kill:constraint=", constraint),
    FORM("oom_reaper: reaped process ", reaped),
    FORM("Killed process ", bare_killed),
    FORM("Kill process ", kill_or_sharing),
    FORM("OOM victim ", exiting),
    FORM("Kernel panic - not syncing: ", panic),
#undef FORM
};

enum { FORMS = sizeof forms / sizeof forms[0], COMM_MAX_BYTES = 15 };

static bool form_at(struct lg_str text, size_t f, struct lg_oom_line *ret)
{
    *ret = (struct lg_oom_line){.text = text};
    return text.len >= forms[f].len &&
           memcmp(text.data, forms[f].word, forms[f].len) == 0 &&
           forms[f].parse(lg_str_skip(text, forms[f].len), ret);
}

static bool form_any(struct lg_str text, struct lg_oom_line *ret)
{
    for (size_t f = 0; f < FORMS; f++)
        if (text.data[0] == forms[f].word[0] && form_at(text, f, ret))
            return true;
    return false;
}

/* Whoever wrote before the name ended it so. */
static struct lg_str name_at_end(struct lg_str s)
{
    static const char *const ends[] = {": ", "] ", "> ", "| ", "\t"};
    if (s.len <= COMM_MAX_BYTES)
        return s;
    s = lg_str_skip(s, s.len - COMM_MAX_BYTES);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct lg_cut cut = lg_str_rcut(s, lg_str_of(ends[i]));
        if (cut.found)
            return cut.tail;
    }
    return lg_str_rcut_char(s, ' ').found ? lg_str_rcut_char(s, ' ').tail : s;
}

static bool invoked(struct lg_str text, bool anchored, struct lg_oom_line *ret)
{
    struct lg_cut cut = lg_str_cut(text, LG_STR(" invoked oom-killer: "));
    if (!cut.found || !lg_str_starts(cut.tail, LG_STR("gfp_mask=")))
        return false;
    *ret = (struct lg_oom_line){.kind = LG_OOM_LINE_INVOKED, .text = text};
    ret->task.comm = anchored ? cut.head : name_at_end(cut.head);
    ret->rest = cut.tail;
    return true;
}

/* Both forms that start with a name end in "=" and a number: all other lines
 * are dismissed by their last bytes. */
static bool ends_in_number(struct lg_str text)
{
    text = lg_str_trim_right(text);
    struct lg_str tail = lg_str_skip(text, text.len > 24 ? text.len - 24 : 0);
    return tail.len != 0 && tail.data[tail.len - 1] >= '0' &&
           tail.data[tail.len - 1] <= '9' &&
           memchr(tail.data, '=', tail.len) != NULL;
}

bool lg_oom_line_is_start(struct lg_str text)
{
    return ends_in_number(text) &&
           lg_str_contains(text, LG_STR(" invoked oom-killer: "));
}

static bool cpuset(struct lg_str text, struct lg_oom_line *ret)
{
    struct lg_cut cut = lg_str_cut(text, LG_STR(" cpuset="));
    if (!cut.found || cut.head.len > COMM_MAX_BYTES ||
        !lg_str_contains(cut.tail, LG_STR(" mems_allowed=")))
        return false;
    *ret = (struct lg_oom_line){.kind = LG_OOM_LINE_CPUSET, .text = text};
    return true;
}

/* The leftmost of the words that only a kill's report holds. */
static bool floating(struct lg_str text, struct lg_oom_line *ret)
{
    static const char *const words[] = {"Memory cgroup out of memory",
                                        "Out of memory",
                                        "oom-kill:constraint=",
                                        "oom_reaper: reaped process ",
                                        "Killed process ",
                                        "Kill process ",
                                        "Tasks in ",
                                        "memory: usage ",
                                        "Memory cgroup stats for "};
    size_t best = text.len;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ptrdiff_t at =
            lg_str_find(lg_str_first(text, best + 30), lg_str_of(words[i]));
        if (at >= 0 && (size_t)at < best)
            best = (size_t)at;
    }
    return best < text.len && form_any(lg_str_skip(text, best), ret);
}

bool lg_oom_line_parse(struct lg_str text, bool anchored,
                       struct lg_oom_line *ret)
{
    if (text.len == 0)
        return false;
    if (form_any(text, ret))
        return true;
    if ((!anchored || ends_in_number(text)) &&
        (invoked(text, anchored, ret) || cpuset(text, ret)))
        return true;
    if (!anchored && floating(text, ret))
        return true;
    *ret = (struct lg_oom_line){.text = text};
    return false;
}
