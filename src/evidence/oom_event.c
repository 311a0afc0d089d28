/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/oom_event.h"

const char *lg_oom_scope_name(enum lg_oom_scope scope)
{
    static const char *const names[] = {
        [LG_OOM_MEMCG] = "memcg",
        [LG_OOM_HOST] = "host",
        [LG_OOM_CPUSET] = "cpuset",
        [LG_OOM_MEMPOLICY] = "mempolicy",
    };
    return (unsigned)scope < LG_COUNT(names) ? names[scope] : NULL;
}
