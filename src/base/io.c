/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void lg_close_p(int *fd)
{
    /* Clean-up must not hide the errno that is on its way out. */
    int saved = errno;
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = saved;
}

void lg_fclose_p(FILE **file)
{
    int saved = errno;
    if (*file != NULL)
        (void)fclose(*file);
    *file = NULL;
    errno = saved;
}

void lg_free_p(void *pointer_to_pointer)
{
    void **p = pointer_to_pointer;
    free(*p);
    *p = NULL;
}

bool lg_write_all(int fd, const void *data, size_t len, struct lg_error *err)
{
    const char *at = data;
    while (len != 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lg_fail_os(err, errno, "cannot write");
        at += n;
        len -= (size_t)n;
    }
    return true;
}
