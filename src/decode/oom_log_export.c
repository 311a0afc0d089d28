/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_export.h"

#include "base/vec.h"

#include <string.h>

static const struct {
    const char *name;
    enum lg_oom_export_field field;
} fields[] = {
    {"MESSAGE", LG_OOM_EXPORT_MESSAGE},
    {"__REALTIME_TIMESTAMP", LG_OOM_EXPORT_REALTIME},
    {"__MONOTONIC_TIMESTAMP", LG_OOM_EXPORT_MONOTONIC},
    {"_SOURCE_MONOTONIC_TIMESTAMP", LG_OOM_EXPORT_SOURCE_MONOTONIC},
    {"_HOSTNAME", LG_OOM_EXPORT_HOST},
    {"_BOOT_ID", LG_OOM_EXPORT_BOOT},
};

void lg_oom_export_init(struct lg_oom_export *x, char *name, char *message)
{
    *x = (struct lg_oom_export){.name = name, .message = message};
    lg_oom_export_next(x);
}

void lg_oom_export_next(struct lg_oom_export *x)
{
    x->prefix = (struct lg_oom_prefix){.anchored = true};
    x->message_len = 0;
    x->name_len = 0;
    x->source_monotonic = false;
    x->first_line = x->lines + 1;
    x->state = LG_OOM_EXPORT_NAME;
}

static void field_done(struct lg_oom_export *x)
{
    struct lg_str value = {x->name, x->name_len};
    uint64_t us = 0;
    bool number = lg_str_u64(value, &us) && us < INT64_MAX / 1000;
    struct lg_oom_prefix *p = &x->prefix;
    switch (x->field) {
    case LG_OOM_EXPORT_REALTIME:
        if (number)
            p->wall_ns = (int64_t)us * 1000;
        break;
    case LG_OOM_EXPORT_MONOTONIC:
    case LG_OOM_EXPORT_SOURCE_MONOTONIC:
        if (!number || x->source_monotonic)
            break;
        x->source_monotonic = x->field == LG_OOM_EXPORT_SOURCE_MONOTONIC;
        p->has_uptime = true;
        p->uptime_ns = us * 1000;
        break;
    case LG_OOM_EXPORT_HOST:
    case LG_OOM_EXPORT_BOOT:
        p->stream += lg_str_hash(value);
        break;
    default:
        break;
    }
    x->name_len = 0;
    x->state = LG_OOM_EXPORT_NAME;
}

static void name_done(struct lg_oom_export *x)
{
    struct lg_str name = {x->name, x->name_len};
    x->field = LG_OOM_EXPORT_OTHER;
    for (size_t i = 0; i < LG_COUNT(fields); i++)
        if (lg_str_eq(name, lg_str_of(fields[i].name)))
            x->field = fields[i].field;
    x->name_len = 0;
}

static void put(struct lg_oom_export *x, struct lg_str s)
{
    bool message =
        x->field == LG_OOM_EXPORT_MESSAGE && x->state != LG_OOM_EXPORT_NAME;
    size_t *len = message ? &x->message_len : &x->name_len;
    size_t n = LG_OOM_LINE_MAX_BYTES - *len;
    n = s.len < n ? s.len : n;
    if (n != 0)
        memcpy((message ? x->message : x->name) + *len, s.data, n);
    *len += n;
}

/* Text up to '=' or the end of the line. true: the record ends here. */
static bool feed_name(struct lg_oom_export *x, struct lg_str *s)
{
    size_t i = 0;
    while (i < s->len && s->data[i] != '=' && s->data[i] != '\n')
        i++;
    put(x, lg_str_first(*s, i));
    if (i == s->len) {
        *s = lg_str_skip(*s, i);
        return false;
    }
    bool newline = s->data[i] == '\n';
    *s = lg_str_skip(*s, i + 1);
    x->lines += newline;
    if (newline && x->name_len == 0)
        return true;
    name_done(x);
    x->state = newline ? LG_OOM_EXPORT_LENGTH : LG_OOM_EXPORT_VALUE;
    x->length_at = 0;
    x->left = 0;
    return false;
}

static void feed_value(struct lg_oom_export *x, struct lg_str *s)
{
    struct lg_cut line = lg_str_cut_char(*s, '\n');
    put(x, line.head);
    *s = line.tail;
    if (!line.found)
        return;
    x->lines++;
    field_done(x);
}

static void feed_length(struct lg_oom_export *x, struct lg_str *s)
{
    while (s->len != 0 && x->length_at < 8) {
        x->left |= (uint64_t)(uint8_t)s->data[0] << (8 * x->length_at++);
        *s = lg_str_skip(*s, 1);
    }
    if (x->length_at == 8)
        x->state = x->left != 0 ? LG_OOM_EXPORT_BYTES : LG_OOM_EXPORT_NEWLINE;
}

static void feed_bytes(struct lg_oom_export *x, struct lg_str *s)
{
    size_t n = s->len < x->left ? s->len : (size_t)x->left;
    put(x, lg_str_first(*s, n));
    *s = lg_str_skip(*s, n);
    x->left -= n;
    if (x->left == 0)
        x->state = LG_OOM_EXPORT_NEWLINE;
}

bool lg_oom_export_feed(struct lg_oom_export *x, struct lg_str bytes,
                        struct lg_str *rest_ret)
{
    bool whole = false;
    while (bytes.len != 0 && !whole) {
        switch (x->state) {
        case LG_OOM_EXPORT_NAME:
            whole = feed_name(x, &bytes);
            break;
        case LG_OOM_EXPORT_VALUE:
            feed_value(x, &bytes);
            break;
        case LG_OOM_EXPORT_LENGTH:
            feed_length(x, &bytes);
            break;
        case LG_OOM_EXPORT_BYTES:
            feed_bytes(x, &bytes);
            break;
        case LG_OOM_EXPORT_NEWLINE:
            bytes = lg_str_skip(bytes, 1);
            x->lines++;
            field_done(x);
            break;
        }
    }
    x->prefix.text = lg_str_from(x->message, x->message_len);
    *rest_ret = bytes;
    return whole;
}
