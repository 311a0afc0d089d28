/* SPDX-License-Identifier: Apache-2.0 */
#include "incident_of.h"

#include "cmd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool lg_cmd_store(const char *state_dir, struct lg_store **store_ret,
                  struct lg_error *err)
{
    struct lg_str note = {0};
    if (!lg_store_open(state_dir, store_ret, &note, err))
        return false;
    if (note.len > 0)
        lg_cmd_say("%.*s", LG_STR_ARG(note));
    return true;
}

static bool from_store(const char *state_dir, const char *operand,
                       struct lg_arena *arena, struct lg_incident_of *ret,
                       struct lg_error *err)
{
    struct lg_store *store = NULL;
    if (!lg_cmd_store(state_dir, &store, err))
        return false;
    bool ok = lg_store_find(store, lg_str_of(operand), arena, &ret->row, err);
    lg_store_close(store);
    if (ok) {
        ret->path = ret->row.folder.data;
        ret->stored = true;
    }
    return ok;
}

bool lg_incident_of(const char *state_dir, const char *operand,
                    struct lg_arena *arena, struct lg_incident_of *ret,
                    struct lg_error *err)
{
    *ret = (struct lg_incident_of){.path = operand};
    bool is_path = strpbrk(operand, "/.") != NULL;
    if (is_path && access(operand, F_OK) != 0)
        return lg_fail_os(err, errno, "%s", operand);
    if (is_path)
        return true;
    return from_store(state_dir, operand, arena, ret, err) ||
           access(operand, F_OK) == 0;
}
