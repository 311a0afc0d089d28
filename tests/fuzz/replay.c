/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a fuzzer's corpus as a unit test, with any compiler. Every file
 * given, or below a folder given, goes through LLVMFuzzerTestOneInput as it is,
 * cut (at every byte up to 4 KiB), and with single bytes changed: always the
 * same ones, so that a failure comes back. A folder that is missing or empty
 * fails: a corpus that is lost must not look like one that passes.
 *
 * The input ends where a page without access begins: a read past the end dies
 * even without a sanitizer. Whatever kills us, the last words name the input.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

#define ALL_PREFIXES_UP_TO 4096
#define SAMPLES 64    /* flips; also prefixes of longer files */
#define FEW_SAMPLES 8 /* for files above … */
#define LARGE_BYTES ((size_t)256 << 10)

static struct {
    char **paths;
    size_t count, capacity;
} files;
static size_t input_count;

/* What runs now, ready to be written by a signal handler. */
static char last_words[600];

static void say_last_words(void)
{
    ssize_t ignored = write(STDERR_FILENO, last_words, strlen(last_words));
    (void)ignored;
}

static void on_signal(int signal_number)
{
    say_last_words();
    (void)raise(signal_number); /* SA_RESETHAND: now as usual */
}

static void watch_for_death(void)
{
    /* SIGTERM: the test harness on a hang. */
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT,
                                  SIGFPE,  SIGILL, SIGTERM};
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(say_last_words);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction old,
            action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
        /* A sanitizer's own handler tells more, and calls us back. */
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            (void)sigaction(signals[i], &action, NULL);
    }
}

static void add_file(const char *path)
{
    if (files.count == files.capacity) {
        files.capacity = files.capacity != 0 ? files.capacity * 2 : 64;
        files.paths =
            reallocarray(files.paths, files.capacity, sizeof *files.paths);
    }
    char *copy = strdup(path);
    if (files.paths == NULL || copy == NULL) {
        fputs("replay: out of memory\n", stderr);
        exit(1);
    }
    files.paths[files.count++] = copy;
}

static int visit(const char *path, const struct stat *st, int type,
                 struct FTW *where)
{
    if (type == FTW_F && S_ISREG(st->st_mode))
        add_file(path);
    return 0;
}

static bool collect(const char *path)
{
    size_t before = files.count;
    if (nftw(path, visit, 16, 0) != 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return false;
    }
    if (files.count == before) {
        fprintf(stderr, "replay: %s: no files\n", path);
        return false;
    }
    return true;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A buffer whose end is the end of accessible memory. */
struct guarded {
    char *mapping, *end;
    size_t mapping_bytes;
};

static bool guarded_init(struct guarded *g, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usable = (len / page + 1) * page;
    g->mapping_bytes = usable + page;
    g->mapping = mmap(NULL, g->mapping_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g->mapping == MAP_FAILED)
        return false;
    g->end = g->mapping + usable;
    return mprotect(g->end, page, PROT_NONE) == 0;
}

/* Runs data[0, len) with data[at] changed by `flip` (0: unchanged). */
static void run(const struct guarded *g, const char *path, const uint8_t *data,
                size_t len, size_t at, uint8_t flip)
{
    uint8_t *copy = (uint8_t *)g->end - len;
    if (len != 0)
        memcpy(copy, data, len);
    if (flip != 0)
        copy[at] ^= flip;
    snprintf(last_words, sizeof last_words,
             "replay: died in %s, first %zu bytes, byte %zu ^ 0x%02x\n", path,
             len, at, flip);
    (void)LLVMFuzzerTestOneInput(copy, len);
    input_count++;
}

static void run_variants(const char *path, const uint8_t *data, size_t len)
{
    struct guarded g;
    if (!guarded_init(&g, len)) {
        fprintf(stderr, "replay: %s: no memory\n", path);
        exit(1);
    }
    run(&g, path, data, len, 0, 0);
    size_t samples = len <= LARGE_BYTES ? SAMPLES : FEW_SAMPLES;
    size_t step = len <= ALL_PREFIXES_UP_TO ? 1 : len / samples;
    for (size_t cut = 0; cut < len; cut += step)
        run(&g, path, data, cut, 0, 0);
    struct lg_rng rng = {len};
    for (size_t i = 0; len != 0 && i < samples; i++) {
        size_t at = lg_rng_below(&rng, len);
        run(&g, path, data, len, at, (uint8_t)(1 + lg_rng_below(&rng, 255)));
    }
    (void)munmap(g.mapping, g.mapping_bytes);
}

static bool replay(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t len = (size_t)st.st_size;
    void *data = NULL;
    if (len != 0)
        data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (data == MAP_FAILED) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return false;
    }
    run_variants(path, data, len);
    if (len != 0)
        (void)munmap(data, len);
    return true;
}

int main(int argc, char **argv)
{
    bool ok = argc > 1;
    if (!ok)
        fputs("usage: replay file-or-folder…\n", stderr);
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        ok = collect(argv[i]) && ok;
    if (files.count != 0)
        qsort(files.paths, files.count, sizeof *files.paths, compare_paths);
    watch_for_death();
    for (size_t i = 0; i < files.count; i++) {
        ok = replay(files.paths[i]) && ok;
        free(files.paths[i]);
    }
    free(files.paths);
    printf("%zu files, %zu inputs\n", files.count, input_count);
    return ok ? 0 : 1;
}
