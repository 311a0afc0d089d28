/* SPDX-License-Identifier: Apache-2.0 */
/* Cores made by hand, by the kernel and by gcore. */
#include "sources/core_image.h"

#include "base/io.h"
#include "core_file.h"
#include "decode/elf.h"
#include "elf_image.h"
#include "rng.h"
#include "sources/process_image.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "tmpdir.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

#define PAGE ((size_t)4096)
#define AREA_PAGES ((size_t)64)
#define TEXT_AT UINT64_C(0x400000)
#define DATA_AT UINT64_C(0x600000)
#define HEAP_AT UINT64_C(0xc000000000)

__attribute__((used)) static const char landmark[] =
    "lastgasp looks for this text in the program, not in the core";

static struct lg_core_file_builder builder;
static unsigned char heap[4 * PAGE], program[3 * PAGE];

static void fill_bytes(void)
{
    struct lg_rng rng = {.state = 0xf111};
    lg_rng_fill(&rng, heap, sizeof heap);
    lg_rng_fill(&rng, program, sizeof program);
    static struct lg_elf_image elf;
    lg_elf_image_init(&elf, true, false, 0);
    LG_PUT(&elf, 0, Ehdr, e_machine, EM_X86_64);
    memcpy(program, elf.bytes, PAGE);
}

/* Text of three pages, of which the core has the first; data in whole; a heap
 * in two neighbours; a mapping that was left out. */
static void build(const char *program_path)
{
    const struct lg_core_file_row rows[] = {
        {TEXT_AT, TEXT_AT + 3 * PAGE, 0, program_path},
        {DATA_AT, DATA_AT + PAGE, 2, program_path},
    };
    fill_bytes();
    lg_core_file_begin(&builder, EM_X86_64);
    lg_core_file_load(&builder, HEAP_AT + PAGE, 3 * PAGE, PF_R | PF_W,
                      heap + PAGE, 3 * PAGE);
    lg_core_file_load(&builder, TEXT_AT, 3 * PAGE, PF_R | PF_X, program, PAGE);
    lg_core_file_load(&builder, DATA_AT, PAGE, PF_R | PF_W, heap, PAGE / 2);
    lg_core_file_load(&builder, HEAP_AT, PAGE, PF_R | PF_W, heap, PAGE);
    lg_core_file_load(&builder, HEAP_AT + 8 * PAGE, PAGE, PF_R | PF_W, NULL, 0);
    lg_core_file_thread(&builder, 4711, TEXT_AT + 5, HEAP_AT + 8, 0, 0, 0);
    lg_core_file_info(&builder, 4711, "app");
    lg_core_file_auxv(&builder, TEXT_AT + 64, TEXT_AT + 64);
    lg_core_file_files(&builder, rows, 2);
    lg_core_file_end(&builder);
}

static struct lg_str whole(void)
{
    return lg_str_from(builder.bytes, builder.len);
}

static const char *write_program(const char *dir)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/program", dir);
    fill_bytes();
    assert_true(lg_write_file(
        AT_FDCWD, path, lg_str_from(program, sizeof program), 0644, NULL));
    return path;
}

static struct lg_image *open_built(const char *exe, struct lg_arena *arena)
{
    struct lg_image *image = NULL;
    struct lg_error err = {0};
    if (!lg_core_image_of(whole(), exe, true, arena, &image, &err))
        fail_msg("%s", err.text);
    return image;
}

static void assert_bytes(struct lg_image *image, uint64_t address,
                         const void *expected, size_t bytes)
{
    unsigned char *got = test_malloc(bytes);
    assert_true(lg_image_read(image, address, got, bytes));
    assert_memory_equal(got, expected, bytes);
    test_free(got);
}

static void segments_are_joined(void **state)
{
    struct lg_arena arena;
    uint64_t word;
    lg_arena_init(&arena, 0);
    build(write_program(*state));
    struct lg_image *image = open_built(NULL, &arena);
    assert_false(image->truncated || image->is_live || image->gone);
    assert_int_equal(image->missing.len, 0);
    assert_int_equal(image->pid, 4711);
    assert_int_equal(image->now_ns, 0);
    assert_int_equal(image->machine, LG_AMD64);
    assert_int_equal(image->segments.count, 5);
    assert_int_equal(image->threads.items[0].pc, TEXT_AT + 5);
    assert_true(lg_image_pause(image, NULL)); /* it stands anyway */
    assert_non_null(lg_image_thread_find(image, 4711));
    lg_image_resume(image);
    assert_non_null(lg_image_thread_find(image, 4711));
    /* Across the two neighbours, and from the core into the file. */
    assert_bytes(image, HEAP_AT + 100, heap + 100, 3 * PAGE);
    assert_bytes(image, TEXT_AT, program, 3 * PAGE);
    assert_bytes(image, DATA_AT, heap, PAGE / 2);
    /* What could be written is never taken from the file. */
    assert_false(lg_image_u64(image, DATA_AT + PAGE / 2, &word));
    assert_false(lg_image_u64(image, HEAP_AT + 8 * PAGE, &word));
    assert_false(lg_image_segment_find(image, HEAP_AT + 8 * PAGE)->present);
    assert_true(lg_image_segment_find(image, TEXT_AT)->present);
    assert_int_equal(image->binary.len, sizeof program);
    assert_int_equal(image->bias, 0);
    lg_image_destroy(image);
    lg_arena_deinit(&arena);
}

static void take(void *context, const struct lg_fetch *fetch,
                 const uint8_t *bytes)
{
    size_t *count = context;
    assert_int_equal(bytes != NULL, fetch->tag == 1);
    if (bytes != NULL) {
        assert_memory_equal(bytes, heap + (fetch->address - HEAP_AT),
                            fetch->bytes);
        (*count)++;
    }
}

static void gathered_reads_are_views(void **state)
{
    struct lg_arena arena;
    size_t count = 0;
    lg_arena_init(&arena, 0);
    build(write_program(*state));
    struct lg_image *image = open_built(NULL, &arena);
    struct lg_fetch fetches[] = {
        {HEAP_AT + PAGE - 8, 16, 1}, /* in two places: copied */
        {HEAP_AT + 2 * PAGE, 400, 1}, {HEAP_AT + 4 * PAGE - 8, 16, 0},
        {HEAP_AT + 8 * PAGE, 8, 0},   {HEAP_AT, 8, 1},
        {UINT64_MAX - 3, 8, 0},
    };
    assert_true(
        lg_image_fetch(image, fetches, LG_COUNT(fetches), take, &count));
    assert_int_equal(count, 3);
    assert_int_equal(image->read_calls, 3); /* where it was not in one place */
    lg_image_destroy(image);
    lg_arena_deinit(&arena);
}

static void a_missing_program_is_said(void **state)
{
    (void)state;
    struct lg_arena arena;
    uint64_t word;
    lg_arena_init(&arena, 0);
    build("/nowhere/at/all");
    struct lg_image *image = open_built(NULL, &arena);
    assert_int_equal(image->binary.len, 0);
    assert_true(lg_str_contains(image->missing,
                                LG_STR("/nowhere/at/all is not there")));
    assert_true(lg_image_u64(image, TEXT_AT, &word));
    assert_false(lg_image_u64(image, TEXT_AT + PAGE, &word));
    lg_image_destroy(image);
    lg_arena_deinit(&arena);
}

static void another_program_is_refused(void **state)
{
    const char *path = write_program(*state);
    struct lg_arena arena;
    struct lg_error err = {0};
    struct lg_image *image = NULL;
    lg_arena_init(&arena, 0);
    build("/nowhere/at/all");
    image = open_built(path, &arena); /* the override is the one that ran */
    assert_bytes(image, TEXT_AT, program, 3 * PAGE);
    lg_image_destroy(image);
    program[77]++; /* rebuilt meanwhile */
    assert_true(lg_write_file(
        AT_FDCWD, path, lg_str_from(program, sizeof program), 0644, NULL));
    assert_false(lg_core_image_of(whole(), path, true, &arena, &image, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    build(path);
    program[77]++;
    assert_true(lg_write_file(
        AT_FDCWD, path, lg_str_from(program, sizeof program), 0644, NULL));
    image = open_built(NULL, &arena);
    assert_int_equal(image->binary.len, 0);
    assert_true(
        lg_str_contains(image->missing, LG_STR("is not the one that ran")));
    lg_image_destroy(image);
    lg_arena_deinit(&arena);
}

/* Every prefix opens or says why not; what it gives is right. */
static void a_cut_core_says_what_is_missing(void **state)
{
    struct lg_arena arena;
    struct lg_rng rng = {.state = 0xc07};
    const char *path = write_program(*state);
    build(path);
    for (size_t len = 0; len < builder.len; len += 1 + lg_rng_below(&rng, 30)) {
        struct lg_error err = {0};
        struct lg_image *image = NULL;
        unsigned char byte;
        char *copy = test_malloc(len + 1);
        memcpy(copy, builder.bytes, len);
        lg_arena_init(&arena, 0);
        if (!lg_core_image_of(lg_str_from(copy, len), NULL, true, &arena,
                              &image, &err)) {
            assert_int_equal(err.kind, LG_BAD_DATA);
            assert_true(len < sizeof(Elf64_Ehdr));
        } else {
            assert_true(image->truncated);
            assert_true(image->missing.len > 0);
            for (uint64_t at = 0; at < sizeof heap; at += 509) {
                if (lg_image_read(image, HEAP_AT + at, &byte, 1))
                    assert_int_equal(byte, heap[at]);
            }
            lg_image_destroy(image);
        }
        lg_arena_deinit(&arena);
        test_free(copy);
    }
}

static void what_is_no_core(void **state)
{
    struct lg_arena arena;
    struct lg_image *image;
    struct lg_error err = {0};
    char path[300];
    lg_arena_init(&arena, 0);
    assert_false(
        lg_core_image_open(write_program(*state), NULL, &arena, &image, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    assert_non_null(strstr(err.text, "not a core"));
    snprintf(path, sizeof path, "%s/none", (const char *)*state);
    assert_false(lg_core_image_open(path, NULL, &arena, &image, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    assert_true(lg_write_file(AT_FDCWD, path, LG_STR("hello\n"), 0644, NULL));
    assert_false(lg_core_image_open(path, NULL, &arena, &image, &err));
    assert_int_equal(err.kind, LG_BAD_DATA);
    build("/nowhere");
    builder.bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_386;
    assert_false(lg_core_image_of(whole(), NULL, false, &arena, &image, &err));
    assert_int_equal(err.kind, LG_UNSUPPORTED);
    lg_arena_deinit(&arena);
}

static void segments_that_lie(void **state)
{
    (void)state;
    struct lg_arena arena;
    uint64_t word;
    lg_arena_init(&arena, 1 << 20);
    fill_bytes();
    lg_core_file_begin(&builder, EM_X86_64);
    lg_core_file_load(&builder, 0x1000, 2 * PAGE, PF_R | PF_W, heap, 2 * PAGE);
    lg_core_file_load(&builder, 0x2000, 2 * PAGE, PF_R | PF_W, heap, PAGE);
    lg_core_file_load(&builder, 0x1000, UINT64_C(1) << 60, PF_R, heap, PAGE);
    lg_core_file_load(&builder, UINT64_MAX - 10, PAGE, PF_R, heap, PAGE);
    lg_core_file_load(&builder, 0x9000, PAGE, PF_R, heap, 2 * PAGE);
    lg_core_file_end(&builder);
    struct lg_image *image = open_built(NULL, &arena);
    for (size_t i = 1; i < image->segments.count; i++)
        assert_true(image->segments.items[i].start >=
                    image->segments.items[i - 1].end);
    assert_true(lg_image_u64(image, 0x1000, &word));
    assert_true(lg_image_u64(image, 0x9000 + PAGE - 8, &word));
    assert_false(lg_image_u64(image, 0x9000 + PAGE - 7, &word));
    assert_false(lg_image_u64(image, UINT64_MAX - 9, &word));
    lg_image_destroy(image);
    lg_arena_deinit(&arena);
}

#define MANY 70000u

/* More segments than 16 bits count: the number is in section 0. */
static void many_segments(void **state)
{
    (void)state;
    struct lg_arena arena;
    struct lg_image *image = NULL;
    size_t headers = sizeof(Elf64_Ehdr) + MANY * sizeof(Elf64_Phdr);
    size_t len = headers + sizeof(Elf64_Shdr) + 8;
    char *core = test_calloc(1, len);
    Elf64_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_phoff = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = PN_XNUM,
        .e_shoff = headers,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 1,
    };
    Elf64_Shdr section = {.sh_size = 1, .sh_info = MANY};
    memcpy(core, &header, sizeof header);
    memcpy(core + headers, &section, sizeof section);
    memcpy(core + len - 8, "lastgasp", 8);
    for (size_t i = 0; i < MANY; i++) {
        Elf64_Phdr load = {.p_type = PT_LOAD,
                           .p_flags = PF_R | PF_W,
                           .p_offset = len - 8,
                           .p_vaddr = HEAP_AT + (MANY - i) * PAGE,
                           .p_filesz = 8,
                           .p_memsz = PAGE};
        memcpy(core + sizeof header + i * sizeof load, &load, sizeof load);
    }
    lg_arena_init(&arena, 0);
    assert_true(lg_core_image_of(lg_str_from(core, len), NULL, false, &arena,
                                 &image, NULL));
    assert_int_equal(image->segments.count, MANY);
    assert_false(image->truncated);
    assert_bytes(image, HEAP_AT + MANY * PAGE, "lastgasp", 8);
    assert_bytes(image, HEAP_AT + PAGE, "lastgasp", 8);
    lg_image_destroy(image);
    lg_arena_deinit(&arena);
    test_free(core);
}

static bool open_it(void *context, struct lg_arena *arena, struct lg_error *err)
{
    struct lg_image *image;
    (void)context;
    if (!lg_core_image_of(whole(), NULL, false, arena, &image, err))
        return false;
    lg_image_destroy(image);
    return true;
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    build("/nowhere");
    assert_true(lg_alloc_fail_all(open_it, NULL) > 3);
}

/* A child with memory that we know, for it is ours. */
static unsigned char *area;

static void make_area(void)
{
    struct lg_rng rng = {.state = 0xa4ea};
    area = mmap(NULL, AREA_PAGES * PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(area != MAP_FAILED);
    lg_rng_fill(&rng, area, AREA_PAGES * PAGE);
}

static bool has_core(const char *dir, char path[300], pid_t pid)
{
    snprintf(path, 300, "%s/core", dir);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, 300, "%s/core.%d", dir, pid);
    return access(path, R_OK) == 0;
}

/* false: this machine sends its cores elsewhere. */
static bool dump_child(const char *dir, char path[300])
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
        if (chdir(dir) != 0 || setrlimit(RLIMIT_CORE, &all) != 0)
            _exit(1);
        (void)signal(SIGABRT, SIG_DFL);
        (void)prctl(PR_SET_DUMPABLE, 1);
        abort();
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return has_core(dir, path, pid);
}

static void assert_is_us(struct lg_image *image)
{
    struct lg_elf elf;
    char text[sizeof landmark];
    uint64_t address = (uint64_t)(uintptr_t)landmark;
    assert_bytes(image, (uint64_t)(uintptr_t)area, area, AREA_PAGES * PAGE);
    assert_true(lg_image_read(image, address, text, sizeof text));
    assert_memory_equal(text, landmark, sizeof text);
    assert_true(lg_elf_parse(image->binary, &elf, NULL));
    struct lg_str there = lg_elf_at_address(&elf, address - image->bias);
    assert_memory_equal(there.data, landmark, sizeof landmark);
    assert_int_equal(image->threads.count, 1);
    const struct lg_image_segment *stack =
        lg_image_segment_find(image, image->threads.items[0].sp);
    assert_true(stack != NULL && stack->can_write);
}

static void a_core_of_the_kernel(void **state)
{
    struct lg_arena arena;
    struct lg_error err = {0};
    struct lg_image *image;
    char path[300];
    struct stat st;
    make_area();
    if (!dump_child(*state, path))
        skip();
    lg_arena_init(&arena, 0);
    if (!lg_core_image_open(path, NULL, &arena, &image, &err))
        fail_msg("%s", err.text);
    assert_false(image->truncated);
    assert_int_equal(image->missing.len, 0);
    assert_is_us(image);
    lg_image_destroy(image);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 2), 0);
    assert_true(lg_core_image_open(path, NULL, &arena, &image, &err));
    assert_true(image->truncated);
    assert_true(lg_str_starts(image->missing, LG_STR("the core is cut: ")));
    lg_image_destroy(image);
    lg_arena_deinit(&arena);
}

/* It says that it is about to sleep, then it does: from there on nothing in
 * it changes. */
static pid_t start_sleeper(void)
{
    char path[64], text[512] = "", byte = 's';
    size_t len = 0;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(ready[1], &byte, 1) == 1)
            (void)pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    do {
        assert_true(
            lg_read_small(AT_FDCWD, path, text, sizeof text - 1, &len, NULL));
        text[len] = '\0';
    } while (strstr(text, ") S ") == NULL);
    return pid;
}

static bool run_gcore(const char *dir, pid_t pid, char path[300])
{
    char command[512];
    snprintf(command, sizeof command, "gcore -o %s/gcore %d >%s/log 2>&1", dir,
             pid, dir);
    bool ok = system(command) == 0;
    snprintf(path, 300, "%s/gcore.%d", dir, pid);
    return ok;
}

/* The kernel keeps the number of the processor in a thread's restartable
 * sequence, in 32 bytes, also of one that sleeps. */
#define RSEQ_BYTES 32

/* Page by page the same as the process itself, wherever both can be read. */
static void compare(struct lg_image *live, struct lg_image *core)
{
    unsigned char a[4096], b[4096];
    size_t same = 0, differing_bytes = 0;
    lg_each(s, live->segments) {
        for (uint64_t at = s->start; at < s->end; at += PAGE) {
            /* gcore has the vsyscall page, which nobody else can read. */
            if (at >> 63 != 0 || !lg_image_read(core, at, b, PAGE))
                continue;
            assert_true(lg_image_read(live, at, a, PAGE));
            for (size_t i = 0; i < PAGE; i++)
                differing_bytes += a[i] != b[i];
            same++;
        }
    }
    assert_true(same > AREA_PAGES + 100);
    assert_true(differing_bytes <= RSEQ_BYTES);
    assert_int_equal(live->bias, core->bias);
    assert_int_equal(live->pid, core->pid);
    assert_true(lg_str_eq(live->binary_path, core->binary_path));
}

static void a_core_of_gcore(void **state)
{
    struct lg_arena arena;
    struct lg_host host;
    struct lg_error err = {0};
    struct lg_image *live, *core;
    char path[300];
    int status;
    if (system("command -v gcore >/dev/null 2>&1") != 0)
        skip();
    make_area();
    pid_t pid = start_sleeper();
    lg_arena_init(&arena, 0);
    assert_true(lg_host_init(&host, NULL, NULL));
    assert_true(run_gcore(*state, pid, path));
    assert_true(lg_process_image_open(&host, pid, &arena, &live, &err));
    if (!lg_core_image_open(path, NULL, &arena, &core, &err))
        fail_msg("%s", err.text);
    assert_false(core->truncated);
    assert_is_us(core);
    compare(live, core);
    lg_image_destroy(core);
    lg_image_destroy(live);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    lg_host_deinit(&host);
    lg_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lg_tmpdir_test(segments_are_joined),
        lg_tmpdir_test(gathered_reads_are_views),
        cmocka_unit_test(a_missing_program_is_said),
        lg_tmpdir_test(another_program_is_refused),
        lg_tmpdir_test(a_cut_core_says_what_is_missing),
        lg_tmpdir_test(what_is_no_core),
        cmocka_unit_test(segments_that_lie),
        cmocka_unit_test(many_segments),
        cmocka_unit_test(memory_may_run_out_anywhere),
        /* Of this process's children, with its sanitizer's shadow in them: */
        lg_tmpdir_test(a_core_of_the_kernel),
        lg_tmpdir_test(a_core_of_gcore),
    };
    size_t count = LG_COUNT(tests) - (WITH_ASAN ? 2 : 0);
    return _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
}
