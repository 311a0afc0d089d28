/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pprof_report.h"

bool lg_pprof_comments(struct lg_pprof_report *r, struct lg_sb *out,
                       struct lg_error *err)
{
    lg_each(comment, r->profile->comments) {
        lg_sb_str(out, *comment);
        lg_sb_char(out, '\n');
    }
    return !out->failed || lg_fail_nomem(err);
}
