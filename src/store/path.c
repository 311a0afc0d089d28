/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

#include <stdlib.h>
#include <unistd.h>

static const char *not_empty(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The XDG base directory specification 0.8: relative paths are ignored. */
static bool user_path(struct lg_sb *sb, struct lg_error *err)
{
    const char *xdg = not_empty("XDG_STATE_HOME");
    const char *home = not_empty("HOME");
    if (xdg != NULL && xdg[0] == '/')
        lg_sb_fmt(sb, "%s/lastgasp", xdg);
    else if (home != NULL && home[0] == '/')
        lg_sb_fmt(sb, "%s/.local/state/lastgasp", home);
    else
        return lg_fail(err, LG_USAGE,
                       "no place for incidents: neither HOME nor "
                       "XDG_STATE_HOME is set; pass --state DIR or set "
                       "LASTGASP_STATE");
    return true;
}

static bool default_path(struct lg_sb *sb, struct lg_error *err)
{
    const char *chosen = not_empty("LASTGASP_STATE");
    if (chosen != NULL)
        lg_sb_cstr(sb, chosen);
    else if (geteuid() == 0)
        lg_sb_cstr(sb, "/var/lib/lastgasp");
    else
        return user_path(sb, err);
    return true;
}

bool lg_store_state_path(const char *state_dir, struct lg_arena *arena,
                         char **path_ret, struct lg_error *err)
{
    struct lg_sb sb;
    lg_sb_init(&sb, arena);
    if (state_dir != NULL && state_dir[0] == '\0')
        return lg_fail(err, LG_USAGE, "the state folder's name is empty");
    if (state_dir != NULL)
        lg_sb_cstr(&sb, state_dir);
    else if (!default_path(&sb, err))
        return false;
    char *path = lg_sb_cstr_of(&sb);
    if (path == NULL)
        return lg_fail_nomem(err);
    *path_ret = path;
    return true;
}
