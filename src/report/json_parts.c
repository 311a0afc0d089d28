/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_parts.h"

void lg_report_kstr_or_null(struct lg_json *j, const char *key, struct lg_str s)
{
    if (s.len != 0)
        lg_json_kstr(j, key, s);
    else
        lg_json_knull(j, key);
}

/* Readers of JSON have signed integers; what is beyond them is no measure of
 * anything and would make the whole report unreadable. */
void lg_report_knum(struct lg_json *j, const char *key, struct lg_num n)
{
    if (n.known && n.value <= INT64_MAX)
        lg_json_ku64(j, key, n.value);
    else
        lg_json_knull(j, key);
}
