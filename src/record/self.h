/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the recorder looks after itself: it stays small, and the kernel
 * does not choose it when the host runs out of memory.
 */
#ifndef LG_RECORD_SELF_H
#define LG_RECORD_SELF_H

/* oom_score_adj −900 where we may (CAP_SYS_RESOURCE or our own choice). */
void lg_self_shield(void);
/* Starting up has touched the code of every library; what is needed again
 * comes back from the page cache by itself. */
void lg_self_shed_code(void);

#endif
