/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a streaming JSON writer. It keeps only its nesting, so a report of
 * any length is written in constant memory, to a sink (a file, a builder).
 * Strings that are not UTF-8 are written with U+FFFD in place of bad bytes;
 * numbers are exact up to 64 bits. Wrong use (a value without a key in an
 * object, an end too many) is our bug: assert.
 */
#ifndef LG_BASE_JSON_H
#define LG_BASE_JSON_H

#include "base/error.h"
#include "base/sb.h"
#include "base/str.h"

#define LG_JSON_MAX_DEPTH 32

/* false: the sink is full or broken; the writer stops and remembers. */
typedef bool lg_json_sink_fn(void *context, const char *data, size_t len);

struct lg_json {
    lg_json_sink_fn *sink;
    void *context;
    bool pretty; /* two blanks per level and newlines; else one line */
    bool failed, after_key;
    int depth;
    struct {
        bool is_array;
        bool has_items;
    } level[LG_JSON_MAX_DEPTH];
    char buffer[512];
    size_t used;
};

void lg_json_init(struct lg_json *j, lg_json_sink_fn *sink, void *context,
                  bool pretty);
void lg_json_init_sb(struct lg_json *j, struct lg_sb *sb, bool pretty);
/* fd is borrowed; partial writes are continued. */
void lg_json_init_fd(struct lg_json *j, int *fd, bool pretty);
/* Flushes; false when the sink had failed. A newline ends the document. */
bool lg_json_finish(struct lg_json *j);

void lg_json_object(struct lg_json *j);
void lg_json_object_end(struct lg_json *j);
void lg_json_array(struct lg_json *j);
void lg_json_array_end(struct lg_json *j);
void lg_json_key(struct lg_json *j, const char *key);
void lg_json_str(struct lg_json *j, struct lg_str s);
void lg_json_cstr(struct lg_json *j, const char *s); /* NULL → null */
void lg_json_u64(struct lg_json *j, uint64_t n);
void lg_json_i64(struct lg_json *j, int64_t n);
/* Shortest of up to 6 significant decimals; NaN and infinities → null. */
void lg_json_f64(struct lg_json *j, double n);
/* ns as seconds, exact: 8.431, 0.000000001, 12; no digits are lost however
 * long the time is. */
void lg_json_seconds(struct lg_json *j, uint64_t ns);
void lg_json_bool(struct lg_json *j, bool b);
void lg_json_null(struct lg_json *j);
/* key and value in one call. */
void lg_json_kstr(struct lg_json *j, const char *key, struct lg_str s);
void lg_json_kcstr(struct lg_json *j, const char *key, const char *s);
void lg_json_ku64(struct lg_json *j, const char *key, uint64_t n);
void lg_json_ki64(struct lg_json *j, const char *key, int64_t n);
void lg_json_kf64(struct lg_json *j, const char *key, double n);
void lg_json_kbool(struct lg_json *j, const char *key, bool b);
void lg_json_knull(struct lg_json *j, const char *key);
/* RFC 3339 string, UTC, milliseconds; null when unix_ns is 0. */
void lg_json_ktime(struct lg_json *j, const char *key, int64_t unix_ns);

#endif
