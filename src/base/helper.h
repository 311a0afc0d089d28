/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one more thread beside the caller's, for a moment, where a processor
 * is left for it: several callers, each with work to hand over, do not crowd
 * the machine. It can stay a moment longer, for more to do: to start one takes
 * 50 µs. A process that ends while one stays takes 150 µs longer for it.
 */
#ifndef LG_BASE_HELPER_H
#define LG_BASE_HELPER_H

#include <stdatomic.h>
#include <stdbool.h>

struct lg_helper {
    void *(*run)(void *context);
    void *context;
    bool has_begun, is_started, stays;
    atomic_bool is_done;
};

enum lg_helper_then { LG_HELPER_LEAVES, LG_HELPER_STAYS };

/* Counts the caller as busy until the end, and runs run(context), whose result
 * is not looked at, on a helper if a processor is left; h->is_started says
 * whether. then: what the helper does afterwards. h stays where it is until the
 * end; it was {0} before. */
void lg_helper_begin(struct lg_helper *h, void *(*run)(void *context),
                     void *context, enum lg_helper_then then);
/* Waits for it. Of a helper that was never begun, {0}: nothing. */
void lg_helper_end(struct lg_helper *h);
/* Of those that call and those that help there are more than processors: who
 * only helps may stop. */
bool lg_helpers_crowd(void);

#endif
