/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_find.h"

void lg_go_find_in_code(struct lg_go_finder *f)
{
    (void)f;
}
