/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/goroutine_text.h"

#include "base/lines.h"
#include "decode/goroutine_header.h"

/* A program may print a line that looks like a panic and go on. Then neither
 * a dump follows nor the end: this many lines more are not a long message. */
#define MAX_LINES_WITHOUT_DUMP 64

struct row {
    struct lg_str text;
    enum lg_fatal_kind kind;
};

/* What lines begin with (Go 1.17 … 1.27: runtime/panic.go, malloc.go, stack.go,
 * os_linux.go, proc.go, runtime/cgo). The first line of a death counts. */
static const struct row starts[] = {
    {LG_STR("panic: "), LG_FATAL_PANIC},
    {LG_STR("runtime: goroutine stack exceeds "), LG_FATAL_STACK_OVERFLOW},
    {LG_STR("runtime: out of memory"), LG_FATAL_OUT_OF_MEMORY},
    {LG_STR("runtime: cannot map pages in arena"), LG_FATAL_OUT_OF_MEMORY},
    {LG_STR("runtime: program exceeds "), LG_FATAL_THREADS},
    {LG_STR("runtime: failed to create new OS thread"), LG_FATAL_THREADS},
    {LG_STR("runtime/cgo: pthread_create failed"), LG_FATAL_THREADS},
    {LG_STR("fatal error: "), LG_FATAL_OTHER},
};

/* What "fatal error: " goes on with, anywhere in the line. */
static const struct row fatal_words[] = {
    {LG_STR("stack overflow"), LG_FATAL_STACK_OVERFLOW},
    {LG_STR("out of memory"), LG_FATAL_OUT_OF_MEMORY},
    {LG_STR("cannot allocate memory"), LG_FATAL_OUT_OF_MEMORY},
    {LG_STR("cannot map pages"), LG_FATAL_OUT_OF_MEMORY},
    {LG_STR("failed to allocate"), LG_FATAL_OUT_OF_MEMORY},
    {LG_STR("thread exhaustion"), LG_FATAL_THREADS},
    {LG_STR("newosproc"), LG_FATAL_THREADS},
    {LG_STR("all goroutines are asleep"), LG_FATAL_DEADLOCK},
    {LG_STR("concurrent map "), LG_FATAL_CONCURRENT_MAP},
};

static enum lg_fatal_kind fatal_kind(struct lg_str line)
{
    for (size_t i = 0; i < LG_COUNT(fatal_words); i++)
        if (lg_str_contains(line, fatal_words[i].text))
            return fatal_words[i].kind;
    return LG_FATAL_OTHER;
}

/* "SIGQUIT: quit", and below it "PC=0x46b2c1 m=0 sigcode=0". */
static bool is_signal(struct lg_str line, struct lg_str below)
{
    size_t i = 3;
    if (!lg_str_starts(line, LG_STR("SIG")) ||
        !lg_str_starts(below, LG_STR("PC=")))
        return false;
    while (i < line.len && ((line.data[i] >= 'A' && line.data[i] <= 'Z') ||
                            (line.data[i] >= '0' && line.data[i] <= '9')))
        i++;
    return i > 3 && lg_str_starts(lg_str_skip(line, i), LG_STR(": "));
}

static enum lg_fatal_kind kind_of(struct lg_str line, struct lg_str rest)
{
    struct lg_str below = {NULL, 0};
    if (line.len == 0 || lg_str_find_char(LG_STR("prfS"), line.data[0]) < 0)
        return LG_FATAL_NONE;
    for (size_t i = 0; i < LG_COUNT(starts); i++)
        if (lg_str_starts(line, starts[i].text))
            return starts[i].kind == LG_FATAL_OTHER ? fatal_kind(line)
                                                    : starts[i].kind;
    lg_lines_next(&rest, &below);
    return is_signal(line, below) ? LG_FATAL_SIGNAL : LG_FATAL_NONE;
}

/* "… exceeds 1000000000-byte limit" */
static uint64_t stack_limit(struct lg_str line)
{
    struct lg_str rest = lg_str_cut(line, LG_STR(" exceeds ")).tail;
    uint64_t n = 0;
    return lg_str_take_u64(&rest, &n) &&
                   lg_str_starts(rest, LG_STR("-byte limit"))
               ? n
               : 0;
}

struct reader {
    struct lg_fatal fatal;
    bool dumped; /* a stack was printed for it: the next is another */
    bool rule;   /* "-----": the other threads print themselves */
    size_t lines_since;
};

static void read_line(struct reader *r, struct lg_str line,
                      struct lg_str from_line_on, struct lg_str rest)
{
    struct lg_goroutine header;
    enum lg_fatal_kind kind = kind_of(line, rest);
    bool repeats = r->rule && kind == LG_FATAL_SIGNAL;
    bool open = r->fatal.kind != LG_FATAL_NONE && !r->dumped;
    /* A nested panic is indented, so of two in a row the first was no death. */
    if (open && kind == LG_FATAL_PANIC && r->fatal.kind == LG_FATAL_PANIC)
        open = false;
    r->lines_since++;
    if (kind != LG_FATAL_NONE && !open && !repeats) {
        r->fatal = (struct lg_fatal){.kind = kind, .message = line};
        if (kind == LG_FATAL_STACK_OVERFLOW)
            r->fatal.stack_limit_bytes = stack_limit(line);
        r->dumped = r->rule = false;
        r->lines_since = 0;
    } else if (open && line.len != 0 && line.data[0] == 'g' &&
               lg_goroutine_header(line, &header)) {
        r->fatal.dump = from_line_on;
        r->dumped = true;
    } else if (lg_str_eq(line, LG_STR("-----"))) {
        r->rule = true;
    } else if (open && r->lines_since > MAX_LINES_WITHOUT_DUMP) {
        r->fatal = (struct lg_fatal){0};
    }
}

bool lg_fatal_parse(struct lg_str stderr_tail, struct lg_fatal *ret)
{
    struct reader r = {0};
    struct lg_str rest = stderr_tail, before = rest, line;
    while (lg_lines_next(&rest, &line)) {
        read_line(&r, line, before, rest);
        before = rest;
    }
    *ret = r.fatal;
    return r.fatal.kind != LG_FATAL_NONE;
}
