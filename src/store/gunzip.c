/* SPDX-License-Identifier: Apache-2.0 */
/* libarchive inflates too, but does not compare the check sum at the end
 * (archive_read_support_filter_gzip.c of 3.6: "XXX TODO"): a changed byte would
 * come in unseen. */
#include "store/archive_api.h"
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_BYTES ((size_t)64 << 10)

struct lg_gunzip {
    int fd;
    z_stream z;
    bool is_gzip, begun, ended; /* ended: after a whole member */
    unsigned char in[CHUNK_BYTES], out[CHUNK_BYTES];
};

struct lg_gunzip *lg_gunzip_create(int fd)
{
    struct lg_gunzip *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->fd = fd;
    /* 16: a gzip header and trailer, both checked. */
    if (inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) {
        free(g);
        return NULL;
    }
    return g;
}

void lg_gunzip_destroy(struct lg_gunzip *g)
{
    if (g == NULL)
        return;
    inflateEnd(&g->z);
    free(g);
}

/* -1 with errno; 0 at the end. */
static ssize_t fill(struct lg_gunzip *g)
{
    ssize_t n;
    do {
        n = read(g->fd, g->in, sizeof g->in);
    } while (n < 0 && errno == EINTR);
    g->z.next_in = g->in;
    g->z.avail_in = n > 0 ? (uInt)n : 0;
    return n;
}

static int fail(struct archive *a, int code, const char *why)
{
    lg_archive.set_error(a, code, "%s", why);
    return ARCHIVE_FATAL;
}

/* Some inflated bytes; 0: more input is needed; below 0: it is not right. */
static la_ssize_t inflate_some(struct lg_gunzip *g, struct archive *a)
{
    if (g->ended) { /* a second member behind the first */
        inflateReset(&g->z);
        g->ended = false;
    }
    g->z.next_out = g->out;
    g->z.avail_out = sizeof g->out;
    int code = inflate(&g->z, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR)
        return fail(a, ENOMEM, "out of memory");
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return fail(a, EINVAL,
                    g->z.msg != NULL ? g->z.msg : "the gzip data is damaged");
    g->ended = code == Z_STREAM_END;
    return (la_ssize_t)(sizeof g->out - g->z.avail_out);
}

la_ssize_t lg_gunzip_read(struct archive *a, void *context, const void **buffer)
{
    struct lg_gunzip *g = context;
    for (;;) {
        if (g->z.avail_in == 0) {
            ssize_t n = fill(g);
            if (n < 0)
                return fail(a, errno, "it cannot be read");
            if (n == 0)
                return g->is_gzip && !g->ended
                           ? fail(a, EINVAL, "the gzip data is cut short")
                           : 0;
            if (!g->begun)
                g->is_gzip = n >= 2 && g->in[0] == 0x1f && g->in[1] == 0x8b;
            g->begun = true;
        }
        if (!g->is_gzip) {
            la_ssize_t n = (la_ssize_t)g->z.avail_in;
            g->z.avail_in = 0;
            *buffer = g->in;
            return n;
        }
        la_ssize_t n = inflate_some(g, a);
        *buffer = g->out;
        if (n != 0)
            return n;
    }
}
