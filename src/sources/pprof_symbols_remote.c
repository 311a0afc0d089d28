/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_symbols_internal.h"

bool lg_symbols_remote(struct lg_symboliser *s, struct lg_error *err)
{
    (void)s, (void)err;
    return true;
}
