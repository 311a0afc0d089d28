/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of a command line; those that pprof does not know among them. */
#include "cmd.h"
#include "cmd_pprof.h"
#include "one_capture.h"
#include "source_arg.h"
#include "sources/pprof_fetch.h"

#include <stdlib.h>
#include <unistd.h>

static void say(void *context, const char *text)
{
    (void)context;
    lg_cmd_say("%s", text);
}

/* "host:6060", "a/b", "heap.pb.gz" are no ids. */
static bool may_be_ours(const char *word)
{
    return strpbrk(word, "/:.") == NULL;
}

/* An incident, a process, a folder: its newest heap profile. */
static bool open_source(void *context, const char *word, struct lg_arena *arena,
                        struct lg_profile *ret, struct lg_error *err)
{
    struct lg_source_arg source;
    struct lg_one_capture one;
    (void)context;
    if (!may_be_ours(word) && access(word, F_OK) != 0)
        return lg_fail(err, LG_ABSENT, "%s is not there", word);
    if (!lg_source_open(word, NULL, arena, &source, err))
        return false;
    bool ok = lg_one_capture_heap(&source, LG_HEAP_NOW, arena, &one, err);
    if (ok)
        *ret = *one.capture->heap;
    else if (err->kind == LG_ABSENT) /* it is there, but has none */
        err->kind = LG_UNSUPPORTED;
    /* A profile of a process has names that stand in its binary: it stays. */
    if (!ok)
        lg_source_close(&source);
    return ok;
}

static const char *given(const char *value)
{
    return value[0] != '\0' ? value : NULL;
}

bool lg_pprof_line_fetch(const struct lg_pprof_line *line,
                         struct lg_arena *arena, struct lg_profile *ret,
                         struct lg_error *err)
{
    struct lg_pprof_fetch f = {
        .sources = line->sources,
        .source_count = (size_t)line->source_count,
        .bases = &line->base,
        .base_count = line->base != NULL ? 1 : 0,
        .is_diff = line->is_diff,
        .normalize = line->options.normalize,
        .all_frames = line->all_frames,
        .seconds = line->seconds,
        .timeout = line->timeout,
        .comment = line->comment,
        .tls = {.cert = given(line->tls_cert),
                .key = given(line->tls_key),
                .ca = given(line->tls_ca)},
        .symbols = {.mode = lg_str_of(line->symbolize),
                    .executable = lg_str_of(line->executable),
                    .build_id = lg_str_of(line->build_id),
                    .binary_path = lg_str_of(getenv("PPROF_BINARY_PATH"))},
        .open = open_source,
        .say = say,
    };
    return lg_pprof_fetch(&f, arena, ret, err);
}
