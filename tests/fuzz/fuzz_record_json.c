/* SPDX-License-Identifier: Apache-2.0 */
/* Both of the recorder's JSON files, and peers.txt for its small size. */
#include "decode/capture_json.h"
#include "decode/peers_text.h"
#include "decode/record_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_str bytes = {(const char *)data, len};
    struct lg_arena arena;
    struct lg_record_doc record;
    struct lg_capture_doc capture;
    struct lg_capture peers = {0};
    struct lg_error err = {0};
    lg_arena_init(&arena, (size_t)64 << 20);
    (void)lg_record_json_parse(bytes, &arena, &record, &err);
    (void)lg_capture_json_parse(bytes, &arena, &capture, &err);
    (void)lg_peers_text_parse(bytes, &arena, &peers, &err);
    lg_arena_deinit(&arena);
    return 0;
}
