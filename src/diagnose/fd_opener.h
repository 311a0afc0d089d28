/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: which line opens the descriptors that stay open, as heap profiles
 * tell: whoever made the os.File or the connection, or what comes with them.
 */
#ifndef LG_DIAGNOSE_FD_OPENER_H
#define LG_DIAGNOSE_FD_OPENER_H

#include "diagnose/count_series.h"

struct lg_fd_line {
    struct lg_frame where, leaf; /* empty: no profile tells */
    bool is_fellow; /* the line is not the opener's, but comes with it */
};

/* Open files and sockets of the process at that capture. */
struct lg_num lg_fds_of(const struct lg_shot *shot);
/* n: of lg_fds_of. */
void lg_fd_find_line(const struct lg_case *c, const struct lg_count_series *n,
                     struct lg_fd_line *ret);

#endif
