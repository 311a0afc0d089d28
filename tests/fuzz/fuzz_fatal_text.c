/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/goroutine_text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_fatal fatal;
    struct lg_str bytes = lg_str_from(data, len);
    bool died = lg_fatal_parse(bytes, &fatal);
    if (died != (fatal.kind != LG_FATAL_NONE) ||
        fatal.message.len + fatal.dump.len > len)
        abort();
    return 0;
}
