/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: an operand names something to read Go's memory or evidence from:
 *
 *     4711                 a live process
 *     core, core.4711      an ELF core file
 *     goroutines.txt, heap.pb.gz, a folder of such     files of evidence
 *     last, 7k2f           an incident of the store
 *
 * The first two become an opened image and the Go program in it, the others an
 * incident as its reader makes it. Commands ask the same things of each.
 */
#ifndef LG_SOURCE_ARG_H
#define LG_SOURCE_ARG_H

#include "base/io.h"
#include "cmd.h"
#include "evidence/incident.h"
#include "sources/host.h"
#include "target/go_goroutines.h"
#include "target/go_process.h"

enum lg_source_kind {
    LG_SOURCE_PROCESS,  /* image, go, pid, host */
    LG_SOURCE_CORE,     /* image, go, path */
    LG_SOURCE_FILES,    /* incident, path: a file or a folder of files */
    LG_SOURCE_INCIDENT, /* incident, path: its folder in the store */
};

struct lg_source_options {
    const char *state_dir;  /* NULL: the usual place */
    const char *exe;        /* of a core: the binary; NULL: as it says */
    const char *debug_file; /* separate debug information; NULL: the one where
                               debuggers look for it, if any */
};

struct lg_source_arg {
    enum lg_source_kind kind;
    int64_t pid;      /* PROCESS; a core: as it says, or 0 */
    const char *path; /* NULL for a process */
    struct lg_image *image;
    struct lg_go *go;
    struct lg_incident incident;
    struct lg_host host; /* PROCESS: this machine */
    bool has_host;
    struct lg_mapped debug; /* the separate debug file */
};

/* options may be NULL. Everything lives in the arena; close it before that
 * goes. ABSENT: there is no such process, file or incident; DENIED: which
 * permission is missing and how to grant it; BAD_DATA, UNSUPPORTED: see
 * lg_go_open. On failure nothing has to be closed. */
bool lg_source_open(const char *operand,
                    const struct lg_source_options *options,
                    struct lg_arena *arena, struct lg_source_arg *ret,
                    struct lg_error *err);
/* The same for a command that takes one operand: -1, and the source is open;
 * else it was said on stderr why not, and this is the exit code. */
int lg_source_of_args(const struct lg_args *args,
                      const struct lg_source_options *options,
                      struct lg_arena *arena, struct lg_source_arg *ret);
/* Zeroed, or closed before: fine. */
void lg_source_close(struct lg_source_arg *source);
/* True for the two kinds that have go. */
static inline bool lg_source_is_image(const struct lg_source_arg *source)
{
    return source->go != NULL;
}

/* The value of --freeze; false: it was said on stderr. */
bool lg_source_freeze(const char *text, enum lg_freeze *ret);

#endif
