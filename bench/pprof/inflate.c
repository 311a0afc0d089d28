/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the floor of bench/pprof.sh. Inflates each gzip file into fresh
 * memory with libdeflate, which is what any reader of it has to do first, and
 * ends. The size comes from the gzip trailer (RFC 1952: ISIZE), as these files
 * have one member.
 */
#include <fcntl.h>
#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int inflate_file(struct libdeflate_decompressor *d, const char *path)
{
    struct stat st;
    size_t raw = 0;
    uint32_t size;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < 18)
        return 1;
    const uint8_t *in = mmap(NULL, (size_t)st.st_size, PROT_READ,
                             MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (in == MAP_FAILED)
        return 1;
    memcpy(&size, in + st.st_size - 4, sizeof(size));
    void *out = malloc(size);
    int failed =
        !out || libdeflate_gzip_decompress(d, in, (size_t)st.st_size, out, size,
                                           &raw) != LIBDEFLATE_SUCCESS;
    munmap((void *)(uintptr_t)in, (size_t)st.st_size);
    close(fd);
    free(out);
    return failed || raw != size;
}

int main(int argc, char **argv)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();

    for (int i = 1; i < argc; i++) {
        if (!d || inflate_file(d, argv[i])) {
            fprintf(stderr, "inflate: %s\n", argv[i]);
            return 1;
        }
    }
    return 0;
}
