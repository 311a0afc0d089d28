/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pagemap.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Linux 6.7: include/uapi/linux/fs.h; Debian 12's headers are older. */
struct region {
    uint64_t start, end, categories;
};
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages,
        category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN_REQUEST _IOWR('f', 16, struct scan)
#define IS_PRESENT (UINT64_C(1) << 3)
#define IS_SWAPPED (UINT64_C(1) << 4)
#define IS_ZERO_PAGE (UINT64_C(1) << 5)

/* A word per page: bit 63 present, bit 62 swapped. */
#define POPULATED (UINT64_C(3) << 62)
#define WORDS 4096
/* Words of more than this take minutes to read: an address space that large is
 * a shadow (-race, AddressSanitizer) and told as populated instead. */
#define MAX_WORD_SPAN_BYTES (UINT64_C(256) << 30)

void lg_pagemap_init(struct lg_pagemap *m)
{
    *m = (struct lg_pagemap){.fd = -1};
}

void lg_pagemap_deinit(struct lg_pagemap *m)
{
    lg_close_p(&m->fd);
}

void lg_pagemap_forget(struct lg_pagemap *m)
{
    m->count = 0;
    m->from = m->until = 0;
}

static bool scan(struct lg_pagemap *m, uint64_t from, uint64_t end)
{
    struct region found[LG_PAGEMAP_RUNS];
    struct scan s = {
        .size = sizeof s,
        .start = from,
        .end = end,
        .vec = (uint64_t)(uintptr_t)found,
        .vec_len = LG_PAGEMAP_RUNS,
        .category_inverted = IS_ZERO_PAGE,
        .category_mask = IS_ZERO_PAGE,
        .category_anyof_mask = IS_PRESENT | IS_SWAPPED,
        .return_mask = IS_PRESENT | IS_SWAPPED,
    };
    int n = ioctl(m->fd, PAGEMAP_SCAN_REQUEST, &s);
    if (n < 0 || n > LG_PAGEMAP_RUNS || s.walk_end <= from)
        return false;
    for (int i = 0; i < n; i++)
        m->runs[i] = (struct lg_image_range){
            found[i].start, (size_t)(found[i].end - found[i].start)};
    m->count = (size_t)n;
    m->from = from;
    m->until = s.walk_end;
    return true;
}

static void add_page(struct lg_pagemap *m, uint64_t address,
                     uint64_t page_bytes)
{
    struct lg_image_range *last = m->count != 0 ? &m->runs[m->count - 1] : NULL;
    if (last != NULL && last->address + last->bytes == address)
        last->bytes += (size_t)page_bytes;
    else
        m->runs[m->count++] =
            (struct lg_image_range){address, (size_t)page_bytes};
}

static bool read_words(struct lg_pagemap *m, uint64_t from, uint64_t end,
                       uint64_t page_bytes)
{
    uint64_t words[WORDS], pages = (end - from) / page_bytes;
    size_t wanted = pages < WORDS ? (size_t)pages : WORDS, got, i = 0;
    if (end - from > MAX_WORD_SPAN_BYTES)
        return false;
    ssize_t n = pread(m->fd, words, wanted * sizeof *words,
                      (off_t)(from / page_bytes * sizeof *words));
    got = n < 0 ? 0 : (size_t)n / sizeof *words;
    m->count = 0;
    for (; i < got && m->count < LG_PAGEMAP_RUNS; i++) {
        if ((words[i] & POPULATED) != 0)
            add_page(m, from + i * page_bytes, page_bytes);
    }
    m->from = from;
    m->until = from + i * page_bytes;
    return got != 0;
}

static bool look(struct lg_pagemap *m, int proc_fd, uint64_t from, uint64_t end,
                 uint64_t page_bytes)
{
    if (m->fd < 0)
        m->fd = openat(proc_fd, "pagemap", O_RDONLY | O_CLOEXEC);
    if (!m->no_scan && scan(m, from, end))
        return true;
    m->no_scan = true;
    return read_words(m, from, end, page_bytes);
}

bool lg_pagemap_next(struct lg_pagemap *m, int proc_fd, uint64_t from,
                     uint64_t end, uint64_t page_bytes,
                     struct lg_image_range *ret)
{
    while (from < end) {
        if ((from < m->from || from >= m->until) &&
            !look(m, proc_fd, from, end, page_bytes)) {
            *ret = (struct lg_image_range){from, (size_t)(end - from)};
            return true;
        }
        for (size_t i = 0; i < m->count; i++) {
            uint64_t run_end = m->runs[i].address + m->runs[i].bytes;
            if (run_end <= from)
                continue;
            uint64_t start =
                m->runs[i].address > from ? m->runs[i].address : from;
            run_end = run_end < end ? run_end : end;
            *ret = (struct lg_image_range){start, (size_t)(run_end - start)};
            if (start < end)
                return true;
            break;
        }
        from = m->until;
    }
    return false;
}
