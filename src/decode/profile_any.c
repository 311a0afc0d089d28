/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/profile_any.h"

#include "decode/folded.h"
#include "decode/legacy_profile.h"
#include "decode/pprof.h"

/* Fields of profile.proto that writers begin with: sample_type, sample,
 * location, string_table, as messages and strings. */
static bool looks_like_proto(struct lg_str bytes)
{
    return bytes.len != 0 && (bytes.data[0] == 0x0a || bytes.data[0] == 0x12 ||
                              bytes.data[0] == 0x22 || bytes.data[0] == 0x32);
}

static bool is_about_the_bytes(const struct lg_error *err)
{
    return err->kind == LG_BAD_DATA || err->kind == LG_UNSUPPORTED;
}

/* In pprof's order, then collapsed stacks. What none of them knows is told in
 * the words of the first when it began as a message does. */
static bool parse(struct lg_str bytes, struct lg_arena *arena,
                  struct lg_profile *profile_ret, struct lg_error *err)
{
    struct lg_error proto = {0}, legacy = {0}, folded = {0};
    if (bytes.len == 0)
        return lg_fail_at(err, 0, "empty input file");
    if (lg_pprof_parse_message(bytes, arena, profile_ret, &proto))
        return true;
    if (!is_about_the_bytes(&proto)) {
        legacy = proto;
    } else if (lg_legacy_profile_parse(bytes, arena, profile_ret, &legacy)) {
        return true;
    } else if (legacy.kind == LG_UNSUPPORTED) {
        if (lg_folded_parse(bytes, arena, profile_ret, &folded))
            return true;
        if (folded.kind != LG_UNSUPPORTED)
            legacy = folded;
        else if (looks_like_proto(bytes))
            legacy = proto;
    }
    if (err != NULL)
        *err = legacy;
    return false;
}

bool lg_profile_parse_any(struct lg_str bytes, bool is_alone,
                          struct lg_arena *arena,
                          struct lg_profile *profile_ret, struct lg_error *err)
{
    struct lg_arena scratch;
    lg_arena_init(&scratch, 0);
    bool ok = lg_pprof_inflate(bytes, &scratch, is_alone ? arena : NULL, &bytes,
                               err) &&
              parse(bytes, arena, profile_ret, err);
    lg_arena_deinit(&scratch);
    return ok;
}
