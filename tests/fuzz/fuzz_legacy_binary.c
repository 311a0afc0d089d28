/* SPDX-License-Identifier: Apache-2.0 */
#include "legacy_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    return lg_legacy_check(data, len);
}
