/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern, a line feed, a subject. */
#include "base/regex.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A pattern of letters is found where its text is. */
static bool is_plain(struct lg_str pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.data[i] < 'a' || pattern.data[i] > 'z')
            return false;
    return true;
}

static void check_match(const struct lg_regex *re, struct lg_str pattern,
                        struct lg_str subject)
{
    struct lg_str groups[3];
    bool match = lg_regex_match(re, subject);
    if (match != lg_regex_match(re, subject))
        abort();
    if (is_plain(pattern) && match != lg_str_contains(subject, pattern))
        abort();
    if (!lg_regex_find(re, subject, groups, 3))
        return; /* or the limits were reached */
    if (!match)
        abort();
    for (size_t i = 0; i < 3; i++) {
        if (groups[i].data == NULL || groups[i].len == 0)
            continue;
        if (groups[i].data < subject.data ||
            groups[i].data + groups[i].len > subject.data + subject.len)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct lg_error err = {0};
    struct lg_cut cut = lg_str_cut_char(lg_str_from(data, len), '\n');
    struct lg_regex *re = lg_regex_create(cut.head, &err);
    if (re == NULL) {
        if (err.kind != LG_USAGE || err.text[0] == '\0')
            abort();
        return 0;
    }
    /* Some hundred characters show all there is to find. */
    check_match(re, cut.head, lg_str_first(cut.tail, 500));
    lg_regex_destroy(re);
    return 0;
}
