/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_weblist.h"

const struct lg_profile_function *
lg_weblist_function(const struct lg_weblist *w, struct lg_str name)
{
    const uint64_t *index = lg_map_find_str(&w->shown_names, name);
    return index != NULL ? &w->report->profile->functions.items[*index] : NULL;
}

bool lg_pprof_weblist(struct lg_pprof_report *r, struct lg_sb *out,
                      struct lg_error *err)
{
    struct lg_weblist w = {.report = r, .arena = out->arena};
    lg_map_init(&w.interest, w.arena);
    lg_map_init(&w.shown_names, w.arena);
    lg_map_init(&w.file_by_name, w.arena);
    if (!lg_source_reader_init(&w.reader, r, w.arena, err))
        return false;
    if (!lg_weblist_collect(&w))
        return lg_fail_nomem(err);
    if (w.interest.count == 0)
        return lg_fail(err, LG_USAGE, "no matches found for regexp: %.*s",
                       LG_STR_ARG(r->symbol_text));
    return (lg_weblist_code(&w) && lg_weblist_page(&w, out)) ||
           lg_fail_nomem(err);
}
