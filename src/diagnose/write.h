/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the words of findings: sentences in the incident's arena, and
 * citations of facts with the file that they came from.
 */
#ifndef LG_DIAGNOSE_WRITE_H
#define LG_DIAGNOSE_WRITE_H

#include "diagnose/case.h"

struct lg_str lg_words(struct lg_case *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "118.0 MiB", "41,208", "8.4 s" as C strings in the arena; never NULL. */
const char *lg_say_bytes(struct lg_case *c, uint64_t bytes);
const char *lg_say_count(struct lg_case *c, uint64_t count);
const char *lg_say_ns(struct lg_case *c, uint64_t ns);

/* The file of capture->heap_now; "heap.pb.gz" is that of capture->heap. */
#define LG_HEAP_NOW "heap up to now"

/* Cites a number. file NULL: the capture's folder; capture NULL: the
 * incident's own file. */
void lg_cite(struct lg_case *c, struct lg_finding *f, const char *fact,
             double value, const char *unit, const struct lg_capture *capture,
             const char *file);
/* Cites words. */
void lg_cite_text(struct lg_case *c, struct lg_finding *f, const char *fact,
                  struct lg_str text, const struct lg_capture *capture,
                  const char *file);
void lg_cite_against(struct lg_case *c, struct lg_finding *f, const char *fact,
                     double value, const char *unit,
                     const struct lg_capture *capture, const char *file);

#endif
