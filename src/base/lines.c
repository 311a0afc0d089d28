/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lines.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct lg_str without_cr(struct lg_str line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

bool lg_lines_next(struct lg_str *rest, struct lg_str *line_ret)
{
    if (rest->len == 0)
        return false;
    struct lg_cut cut = lg_str_cut_char(*rest, '\n');
    *line_ret = cut.found ? without_cr(cut.head) : cut.head;
    *rest = cut.tail;
    return true;
}

void lg_line_reader_init(struct lg_line_reader *r, int fd, char *buffer,
                         size_t capacity)
{
    assert(capacity > 0);
    *r = (struct lg_line_reader){
        .fd = fd, .buffer = buffer, .capacity = capacity};
}

static struct lg_str take(struct lg_line_reader *r, size_t len)
{
    struct lg_str s = lg_str_from(r->buffer + r->begin, len);
    r->begin += len;
    r->offset += len;
    return s;
}

/* More bytes behind those that are there; the buffer has room. */
static bool fill(struct lg_line_reader *r, struct lg_error *err)
{
    if (r->begin > 0) {
        memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
        r->end -= r->begin;
        r->begin = 0;
    }
    ssize_t n;
    do {
        n = read(r->fd, r->buffer + r->end, r->capacity - r->end);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return lg_fail_os(err, errno, "cannot read lines");
    r->eof = n == 0;
    r->end += (size_t)n;
    return true;
}

/* Gives a line when the buffer holds one, whole or cut. `searched` bytes are
 * known to have no newline, so that a line that trickles in costs no square. */
static bool take_line(struct lg_line_reader *r, size_t searched,
                      struct lg_str *line_ret)
{
    size_t have = r->end - r->begin;
    struct lg_str fresh =
        lg_str_from(r->buffer + r->begin + searched, have - searched);
    ptrdiff_t newline = lg_str_find_char(fresh, '\n');
    r->cut = false;
    if (newline >= 0) {
        struct lg_str line = take(r, searched + (size_t)newline + 1);
        line.len--;
        *line_ret = without_cr(line);
        return true;
    }
    if (!r->eof && have < r->capacity)
        return false;
    if (have == 0)
        return false;
    r->cut = r->dropping = !r->eof;
    *line_ret = take(r, have);
    return true;
}

bool lg_line_reader_next(struct lg_line_reader *r, struct lg_str *line_ret,
                         struct lg_error *err)
{
    size_t searched = 0;
    for (;;) {
        bool tail = r->dropping;
        if (take_line(r, searched, line_ret)) {
            if (!tail)
                return true;
            /* The end of a line that was cut, or more of its middle. */
            r->dropping = r->cut;
            searched = 0;
            continue;
        }
        searched = r->end - r->begin;
        if (r->eof) {
            lg_error_clear(err);
            return false;
        }
        if (!fill(r, err))
            return false;
    }
}
