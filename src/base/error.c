/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut text must not end inside a UTF-8 sequence: drops the last character
 * when its bytes are not all there. */
static void drop_cut_character(char *text)
{
    size_t len = strlen(text), at = len;
    while (at > 0 && len - at < 3 &&
           ((unsigned char)text[at - 1] & 0xC0) == 0x80)
        at--;
    if (at == 0)
        return;
    unsigned char lead = (unsigned char)text[at - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (at - 1) < need)
        text[at - 1] = '\0';
}

/* Arguments may point into err->text, so it is written only at the end. */
static bool set(struct lg_error *err, enum lg_error_kind kind, int sys_errno,
                uint64_t offset, const char *suffix, const char *fmt,
                va_list args) __attribute__((format(printf, 6, 0)));

static bool set(struct lg_error *err, enum lg_error_kind kind, int sys_errno,
                uint64_t offset, const char *suffix, const char *fmt,
                va_list args)
{
    if (err == NULL)
        return false;
    char text[LG_ERROR_TEXT_BYTES];
    int len = vsnprintf(text, sizeof text, fmt, args);
    if (len < 0)
        len = snprintf(text, sizeof text, "%s", fmt);
    bool cut = (size_t)len >= sizeof text;
    if (!cut) {
        size_t left = sizeof text - (size_t)len;
        cut = (size_t)snprintf(text + len, left, "%s", suffix) >= left;
    }
    if (cut)
        drop_cut_character(text);
    err->kind = kind;
    err->sys_errno = sys_errno;
    err->offset = offset;
    memcpy(err->text, text, sizeof text);
    return false;
}

bool lg_fail(struct lg_error *err, enum lg_error_kind kind, const char *fmt,
             ...)
{
    va_list args;
    va_start(args, fmt);
    set(err, kind, 0, 0, "", fmt, args);
    va_end(args);
    return false;
}

static enum lg_error_kind kind_of_errno(int sys_errno)
{
    switch (sys_errno) {
    case EACCES:
    case EPERM:
        return LG_DENIED;
    case ENOENT:
    case ESRCH:
    case ENODEV:
        return LG_ABSENT;
    case ENOMEM:
        return LG_NOMEM;
    case ENOSYS:
    case EOPNOTSUPP:
        return LG_UNSUPPORTED;
    default:
        return LG_OS;
    }
}

bool lg_fail_os(struct lg_error *err, int sys_errno, const char *fmt, ...)
{
    char space[128], suffix[160];
    const char *words = strerror_r(sys_errno, space, sizeof space);
    snprintf(suffix, sizeof suffix, ": %s", words);
    va_list args;
    va_start(args, fmt);
    set(err, kind_of_errno(sys_errno), sys_errno, 0, suffix, fmt, args);
    va_end(args);
    return false;
}

bool lg_fail_at(struct lg_error *err, uint64_t offset, const char *fmt, ...)
{
    char suffix[40];
    snprintf(suffix, sizeof suffix, " at byte %" PRIu64, offset);
    va_list args;
    va_start(args, fmt);
    set(err, LG_BAD_DATA, 0, offset, suffix, fmt, args);
    va_end(args);
    return false;
}

bool lg_fail_nomem(struct lg_error *err)
{
    return lg_fail(err, LG_NOMEM, "out of memory");
}

bool lg_context(struct lg_error *err, const char *fmt, ...)
{
    if (err == NULL)
        return false;
    char suffix[LG_ERROR_TEXT_BYTES + 2];
    snprintf(suffix, sizeof suffix, ": %s", err->text);
    va_list args;
    va_start(args, fmt);
    set(err, err->kind, err->sys_errno, err->offset, suffix, fmt, args);
    va_end(args);
    return false;
}

void lg_error_clear(struct lg_error *err)
{
    if (err == NULL)
        return;
    err->kind = LG_OK;
    err->sys_errno = 0;
    err->offset = 0;
    err->text[0] = '\0';
}

const char *lg_error_kind_name(enum lg_error_kind kind)
{
    static const char *const names[] = {
        [LG_OK] = "ok",
        [LG_NOMEM] = "out of memory",
        [LG_OS] = "system call failed",
        [LG_BAD_DATA] = "bad data",
        [LG_ABSENT] = "absent",
        [LG_DENIED] = "denied",
        [LG_LIMIT] = "limit reached",
        [LG_UNSUPPORTED] = "unsupported",
        [LG_CANCELLED] = "cancelled",
        [LG_USAGE] = "usage",
    };
    size_t index = (size_t)kind;
    if (index >= sizeof names / sizeof names[0])
        return "unknown error";
    return names[index];
}
