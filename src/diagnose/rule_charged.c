/* SPDX-License-Identifier: Apache-2.0 */
/* shmem, page-cache and kernel-memory: charged to the cgroup and in no
 * process, so that what the processes hold does not explain the end. */
#include "diagnose/charge.h"

/* Of the page cache, this share is locked, or waits for the disk. */
#define MOSTLY 0.5
/* Descriptors or threads that explain this much explain the kernel's part. */
#define EXPLAINED_SHARE 0.2

static void fill(struct lg_finding *f, const struct lg_charge *charge)
{
    f->bytes = lg_known(charge->bytes);
    f->share = lg_share(charge->bytes, charge->usage_bytes);
    f->proof = LG_STR("growth");
}

static void cite(struct lg_case *c, struct lg_finding *f,
                 const struct lg_charge *charge, const char *fact)
{
    lg_cite(c, f, fact, (double)charge->bytes, "bytes",
            charge->last != NULL ? charge->last->capture : NULL, charge->file);
    lg_cite(c, f, "at the first capture", (double)charge->before_bytes, "bytes",
            charge->first != NULL ? charge->first->capture : NULL, "root");
}

static const struct lg_shot *last_with_process(const struct lg_case *c)
{
    for (size_t i = c->shots.count; i-- > 0;) {
        if (c->shots.items[i].capture->process != NULL) {
            return &c->shots.items[i];
        }
    }
    return NULL;
}

/* Where the shared memory is: what the process has open there. */
static void cite_files(struct lg_case *c, struct lg_finding *f)
{
    const struct lg_shot *last = last_with_process(c);
    if (last == NULL) {
        return;
    }
    const struct lg_process *p = last->capture->process;
    lg_each(group, p->fds.groups) {
        if (lg_str_starts(group->target, LG_STR("/dev/shm")) ||
            lg_str_contains(group->target, LG_STR("memfd:")) ||
            lg_str_starts(group->target, LG_STR("/run")) ||
            lg_str_starts(group->target, LG_STR("/tmp"))) {
            lg_cite_text(c, f, "open there", group->target, last->capture,
                         "root");
        }
    }
}

void lg_judge_shmem(struct lg_case *c, struct lg_verdict *verdict)
{
    static const char *const writers[] = {
        "golang.org/x/sys/unix.MemfdCreate",
        "os.(*File).Write",
        "os.(*File).WriteString",
        "os.(*File).WriteAt",
        "os.(*File).ReadFrom",
        "os.WriteFile",
        "os.(*File).Truncate",
        "syscall.Write",
        "syscall.Pwrite",
        "syscall.write",
        "syscall.Ftruncate",
        "syscall.Mmap",
        "syscall.Syscall",
        "os.Create",
        "os.OpenFile",
    };
    struct lg_charge charge;
    if (!lg_charge_of(c, LG_CHARGE_SHMEM, &charge) ||
        !lg_charge_matters(c, &charge)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_SHMEM);
    if (f == NULL) {
        return;
    }
    lg_charge_find_line(c, f, writers, LG_COUNT(writers), "writes it");
    fill(f, &charge);
    f->confidence = 0.9;
    f->summary = lg_words(c,
                          "%s are shared memory: files in tmpfs (/dev/shm, "
                          "/run, an emptyDir of medium Memory) or memfds; "
                          "they count until they are deleted",
                          lg_say_bytes(c, charge.bytes));
    f->fix = LG_STR("Delete these files when done and bound their size, or put "
                    "them on a disk.");
    cite(c, f, &charge, "shared memory charged to the cgroup");
    cite_files(c, f);
}

/* What kept the kernel from giving these pages back. */
enum hold { HOLD_UNKNOWN, HOLD_LOCKED, HOLD_DIRTY };

static enum hold why_kept(struct lg_case *c, struct lg_finding *f,
                          uint64_t cache_bytes)
{
    static const char *const locked[] = {"total_unevictable", "unevictable"};
    static const char *const dirty[] = {"total_dirty", "dirty", "file_dirty"};
    static const char *const write[] = {"total_writeback", "writeback",
                                        "file_writeback"};
    uint64_t kept = lg_kill_stat(c, locked, LG_COUNT(locked)).value;
    uint64_t waits = lg_kill_stat(c, dirty, LG_COUNT(dirty)).value;
    waits += lg_kill_stat(c, write, LG_COUNT(write)).value;
    if ((double)kept > MOSTLY * (double)cache_bytes) {
        lg_cite(c, f, "locked in memory (unevictable)", (double)kept, "bytes",
                NULL, "kernel.log");
        return HOLD_LOCKED;
    }
    if ((double)waits > MOSTLY * (double)cache_bytes) {
        lg_cite(c, f, "not yet written to the disk", (double)waits, "bytes",
                NULL, "kernel.log");
        return HOLD_DIRTY;
    }
    return HOLD_UNKNOWN;
}

void lg_judge_page_cache(struct lg_case *c, struct lg_verdict *verdict)
{
    static const char *const makers[] = {
        "syscall.Mlock",           "golang.org/x/sys/unix.Mlock",
        "syscall.Mlockall",        "golang.org/x/sys/unix.Mlockall",
        "syscall.(*mmapper).Mmap", "golang.org/x/sys/unix.(*mmapper).Mmap",
        "os.(*File).Write",        "os.(*File).WriteAt",
        "os.(*File).ReadFrom",     "os.WriteFile",
        "syscall.Write",           "syscall.Pwrite",
    };
    static const char *const reasons[] = {
        [HOLD_UNKNOWN] = "the kernel could not give back",
        [HOLD_LOCKED] = "are locked in memory (mlock)",
        [HOLD_DIRTY] = "wait to be written to the disk",
    };
    struct lg_charge charge;
    /* Cache that is merely there is taken back before anybody is killed. */
    if (!c->oom || !lg_charge_of(c, LG_CHARGE_CACHE, &charge) ||
        charge.last != NULL || !lg_charge_matters(c, &charge)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_PAGE_CACHE);
    if (f == NULL) {
        return;
    }
    lg_charge_find_line(c, f, makers, LG_COUNT(makers), "maps or writes it");
    fill(f, &charge);
    cite(c, f, &charge, "page cache charged to the cgroup");
    enum hold hold = why_kept(c, f, charge.bytes);
    f->confidence = hold != HOLD_UNKNOWN ? 0.9 : 0.8;
    f->summary = lg_words(c, "%s are pages of files, which %s",
                          lg_say_bytes(c, charge.bytes), reasons[hold]);
    f->fix = hold == HOLD_DIRTY
                 ? LG_STR("Write more slowly than the disk takes it: fsync now "
                          "and then, or sync_file_range.")
                 : LG_STR("Lock less: munlock or unmap files when done, and "
                          "bound how much is mapped and locked at once.");
}

static bool is_explained(const struct lg_verdict *verdict)
{
    lg_each(f, verdict->findings) {
        if ((f->cause == LG_CAUSE_FD_LEAK ||
             f->cause == LG_CAUSE_GOROUTINE_BURST ||
             f->cause == LG_CAUSE_THREAD_LEAK) &&
            f->share >= EXPLAINED_SHARE) {
            return true;
        }
    }
    return false;
}

/* What it is made of, where the kernel says so. */
static void cite_kernel_parts(struct lg_case *c, struct lg_finding *f)
{
    static const struct {
        const char *name, *fact;
    } rows[] = {
        {"slab", "kernel objects (slab)"},
        {"kernel_stack", "stacks of threads"},
        {"pagetables", "page tables"},
        {"sock", "buffers of sockets"},
    };
    for (size_t i = 0; i < LG_COUNT(rows); i++) {
        struct lg_num part = lg_kill_stat(c, &rows[i].name, 1);
        if (part.known) {
            lg_cite(c, f, rows[i].fact, (double)part.value, "bytes", NULL,
                    "kernel.log");
        }
    }
    const struct lg_shot *shot = last_with_process(c);
    if (shot == NULL) {
        return;
    }
    const struct lg_fds *fds = &shot->capture->process->fds;
    for (size_t i = 0; i < fds->groups.count && i < 3; i++) {
        const struct lg_fd_group *group = &fds->groups.items[i];
        lg_cite_text(
            c, f, "open",
            lg_words(c, "%s of %.*s %.*s", lg_say_count(c, group->count),
                     LG_STR_ARG(group->kind),
                     LG_STR_ARG(group->pattern.len > 0 ? group->pattern
                                                       : group->target)),
            shot->capture, "root");
    }
}

void lg_judge_kernel_memory(struct lg_case *c, struct lg_verdict *verdict)
{
    static const char *const makers[] = {
        "syscall.Write",
        "syscall.write",
        "syscall.writev",
        "syscall.Sendto",
        "syscall.sendto",
        "syscall.SendmsgN",
        "internal/poll.(*FD).Write",
        "internal/poll.(*FD).Writev",
        "syscall.Pipe2",
        "syscall.Socketpair",
        "syscall.FcntlFlock",
        "syscall.Syscall",
        "syscall.Syscall6",
    };
    struct lg_charge charge;
    /* Directory entries and inodes fill any cgroup and are given back. */
    if (!c->oom || is_explained(verdict) ||
        !lg_charge_of(c, LG_CHARGE_KERNEL, &charge) ||
        !lg_charge_matters(c, &charge)) {
        return;
    }
    struct lg_finding *f = lg_add_finding(c, verdict, LG_CAUSE_KERNEL_MEMORY);
    if (f == NULL) {
        return;
    }
    lg_charge_find_line(c, f, makers, LG_COUNT(makers), "asks for it");
    fill(f, &charge);
    f->confidence = 0.85;
    f->summary = lg_words(c,
                          "%s are the kernel's own, for this cgroup: full "
                          "pipes and sockets, open files, threads, page "
                          "tables, locks",
                          lg_say_bytes(c, charge.bytes));
    f->fix = LG_STR("Nobody empties a pipe or socket, or something is asked of "
                    "the kernel and never given back: bound and drain the "
                    "buffers, close what is done.");
    cite(c, f, &charge, "kernel memory charged to the cgroup");
    cite_kernel_parts(c, f);
}
