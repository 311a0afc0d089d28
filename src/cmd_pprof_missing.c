/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary: what is not built yet, so that the whole links. */
#include "base/regex.h"
#include "cmd_pprof.h"
#include "decode/pprof.h"
#include "decode/profile_any.h"
#include "evidence/profile_merge.h"
#include "report/pprof_focus.h"
#include "sources/pprof_symbols.h"

#define WEAK __attribute__((weak))
#define NONE(name)                                                             \
    WEAK bool name(struct lg_pprof_report *r, struct lg_sb *out,               \
                   struct lg_error *err)                                       \
    {                                                                          \
        (void)r, (void)out;                                                    \
        return lg_fail(err, LG_UNSUPPORTED, #name " is not built yet");        \
    }

WEAK bool lg_pprof_focus(const struct lg_profile *p,
                         const struct lg_pprof_options *o,
                         const struct lg_label_units *units,
                         lg_pprof_say_fn *say, void *context,
                         struct lg_arena *arena, struct lg_profile *ret,
                         struct lg_error *err)
{
    *ret = *p;
    return true;
}
