/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnose/write.h"

#include "base/sb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct lg_str lg_words(struct lg_case *c, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (len < 0) {
        return (struct lg_str){NULL, 0};
    }
    size_t used = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    return lg_str_dup(c->arena, lg_str_from(text, used));
}

static const char *said(struct lg_case *c, struct lg_sb *sb)
{
    const char *text = lg_sb_cstr_of(sb);
    c->failed = c->failed || text == NULL;
    return text != NULL ? text : "?";
}

const char *lg_say_bytes(struct lg_case *c, uint64_t bytes)
{
    struct lg_sb sb;
    lg_sb_init(&sb, c->arena);
    lg_sb_bytes(&sb, bytes);
    return said(c, &sb);
}

const char *lg_say_count(struct lg_case *c, uint64_t count)
{
    struct lg_sb sb;
    lg_sb_init(&sb, c->arena);
    lg_sb_count(&sb, count);
    return said(c, &sb);
}

const char *lg_say_ns(struct lg_case *c, uint64_t ns)
{
    struct lg_sb sb;
    lg_sb_init(&sb, c->arena);
    lg_sb_duration(&sb, ns);
    return said(c, &sb);
}

static bool has_file(const struct lg_capture *capture, const char *name)
{
    lg_each(file, capture->files) {
        if (lg_str_ends(*file, lg_str_of(name))) {
            return true;
        }
    }
    return false;
}

static struct lg_str
source_of(struct lg_case *c, const struct lg_capture *capture, const char *file)
{
    if (capture == NULL || capture->name.len == 0) {
        return lg_str_of(file);
    }
    if (file != NULL && strcmp(file, "heap.pb.gz") == 0 &&
        capture->heap_now != NULL && capture->heap != capture->heap_now) {
        file = "heap-gc.pb.gz"; /* which is where capture->heap came from */
    }
    if (file != NULL && strcmp(file, LG_HEAP_NOW) == 0) {
        file = "heap.pb.gz";
    }
    if (file != NULL && strcmp(file, "heap.txt") == 0 &&
        has_file(capture, "memstats.json")) {
        file = "memstats.json"; /* the same numbers, read from outside */
    }
    return lg_words(c, "%.*s/%s", LG_STR_ARG(capture->name),
                    file != NULL ? file : "");
}

static void fill(struct lg_case *c, struct lg_evidence *e, const char *fact,
                 double value, const char *unit, struct lg_str text,
                 const struct lg_capture *capture, const char *file)
{
    if (e == NULL) {
        c->failed = true;
        return;
    }
    *e = (struct lg_evidence){
        .fact = lg_str_dup(c->arena, lg_str_of(fact)),
        .value = value,
        .unit = lg_str_of(unit),
        .text = text,
        .source = source_of(c, capture, file),
        .capture = capture != NULL ? capture->id : 0,
    };
}

void lg_cite(struct lg_case *c, struct lg_finding *f, const char *fact,
             double value, const char *unit, const struct lg_capture *capture,
             const char *file)
{
    fill(c, lg_push(c->arena, &f->evidence), fact, value, unit,
         (struct lg_str){NULL, 0}, capture, file);
}

void lg_cite_text(struct lg_case *c, struct lg_finding *f, const char *fact,
                  struct lg_str text, const struct lg_capture *capture,
                  const char *file)
{
    fill(c, lg_push(c->arena, &f->evidence), fact, 0, "", text, capture, file);
}

void lg_cite_against(struct lg_case *c, struct lg_finding *f, const char *fact,
                     double value, const char *unit,
                     const struct lg_capture *capture, const char *file)
{
    fill(c, lg_push(c->arena, &f->against), fact, value, unit,
         (struct lg_str){NULL, 0}, capture, file);
}
