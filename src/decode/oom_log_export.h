/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the journal's export format (`journalctl -o export`): records of
 * NAME=value lines, ended by an empty line; a value that is not plain text
 * comes as NAME, newline, its length in 8 bytes, little endian, its bytes,
 * newline. Source: systemd, "Journal Export Formats".
 */
#ifndef LG_DECODE_OOM_LOG_EXPORT_H
#define LG_DECODE_OOM_LOG_EXPORT_H

#include "decode/oom_log_prefix.h"

enum lg_oom_export_field {
    LG_OOM_EXPORT_OTHER,
    LG_OOM_EXPORT_MESSAGE,
    LG_OOM_EXPORT_REALTIME,
    LG_OOM_EXPORT_MONOTONIC,
    LG_OOM_EXPORT_SOURCE_MONOTONIC,
    LG_OOM_EXPORT_HOST,
    LG_OOM_EXPORT_BOOT,
};

struct lg_oom_export {
    enum {
        LG_OOM_EXPORT_NAME,
        LG_OOM_EXPORT_VALUE,
        LG_OOM_EXPORT_LENGTH,
        LG_OOM_EXPORT_BYTES,
        LG_OOM_EXPORT_NEWLINE
    } state;
    enum lg_oom_export_field field;
    unsigned length_at;
    uint64_t left; /* bytes of a binary value that are still to come */
    bool source_monotonic;
    uint64_t lines;              /* newlines eaten */
    uint64_t first_line;         /* of the record */
    struct lg_oom_prefix prefix; /* of the record, so far */
    char *name; /* LG_OOM_LINE_MAX_BYTES for a name or a short value */
    size_t name_len;
    char *message; /* LG_OOM_LINE_MAX_BYTES, borrowed like name */
    size_t message_len;
};

void lg_oom_export_init(struct lg_oom_export *x, char *name, char *message);
/* Eats bytes up to the end of a record: true, x->prefix is it; or all that is
 * there: false. *rest_ret is what is left. */
bool lg_oom_export_feed(struct lg_oom_export *x, struct lg_str bytes,
                        struct lg_str *rest_ret);
/* The record is done with. */
void lg_oom_export_next(struct lg_oom_export *x);

#endif
