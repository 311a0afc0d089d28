/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "cmd.h"

#include <string.h>
#include <time.h>

/* Years that fit into signed nanoseconds with room to spare. */
#define YEAR_FIRST 1970
#define YEAR_LAST 2200

struct moment {
    struct tm tm;
    int64_t fraction_ns;
    bool utc;
};

static bool number(struct lg_str s, uint64_t least, uint64_t most, int *ret)
{
    uint64_t n;
    if (!lg_str_u64(s, &n) || n < least || n > most)
        return false;
    *ret = (int)n;
    return true;
}

/* "YYYY-MM-DD" */
static bool date_parse(struct lg_str s, struct tm *tm)
{
    struct lg_cut year = lg_str_cut_char(s, '-');
    struct lg_cut month = lg_str_cut_char(year.tail, '-');
    int y, m, d;
    if (!number(year.head, YEAR_FIRST, YEAR_LAST, &y) ||
        !number(month.head, 1, 12, &m) || !number(month.tail, 1, 31, &d))
        return false;
    tm->tm_year = y - 1900;
    tm->tm_mon = m - 1;
    tm->tm_mday = d;
    return true;
}

/* Digits behind the point, as nanoseconds. */
static bool fraction_parse(struct lg_str s, int64_t *ns_ret)
{
    uint64_t n;
    if (s.len == 0 || s.len > 9 || !lg_str_u64(s, &n))
        return false;
    for (size_t i = s.len; i < 9; i++)
        n *= 10;
    *ns_ret = (int64_t)n;
    return true;
}

/* "HH:MM[:SS[.fraction]]" */
static bool clock_parse(struct lg_str s, struct moment *m)
{
    struct lg_cut hour = lg_str_cut_char(s, ':');
    struct lg_cut minute = lg_str_cut_char(hour.tail, ':');
    if (!number(hour.head, 0, 23, &m->tm.tm_hour) ||
        !number(minute.head, 0, 59, &m->tm.tm_min))
        return false;
    m->tm.tm_sec = 0;
    if (!minute.found)
        return hour.found;
    struct lg_cut second = lg_str_cut_char(minute.tail, '.');
    return number(second.head, 0, 60, &m->tm.tm_sec) &&
           (!second.found || fraction_parse(second.tail, &m->fraction_ns));
}

static void midnight_of(int64_t wall_ns, bool utc, struct tm *tm)
{
    time_t s = (time_t)(wall_ns / (int64_t)LG_NS_PER_S);
    if (utc)
        gmtime_r(&s, tm);
    else
        localtime_r(&s, tm);
    tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
}

static int64_t wall_of(struct moment m)
{
    m.tm.tm_isdst = -1;
    time_t s = m.utc ? timegm(&m.tm) : mktime(&m.tm);
    return (int64_t)s * (int64_t)LG_NS_PER_S + m.fraction_ns;
}

static bool utc_suffix(struct lg_str *s)
{
    if (lg_str_ends(*s, LG_STR("Z")))
        s->len -= 1;
    else if (lg_str_ends(*s, LG_STR(" UTC")))
        s->len -= 4;
    else
        return false;
    return true;
}

/* A day, a time of today, or both. */
static bool calendar_parse(struct lg_str s, int64_t now_ns, int64_t *ret)
{
    struct moment m = {.utc = utc_suffix(&s)};
    midnight_of(now_ns, m.utc, &m.tm);
    if (clock_parse(s, &m)) {
        *ret = wall_of(m);
        return true;
    }
    struct lg_cut day =
        lg_str_cut_char(s, s.len > 10 && s.data[10] == 'T' ? 'T' : ' ');
    if (!date_parse(day.head, &m.tm) ||
        (day.found && !clock_parse(lg_str_trim(day.tail), &m)))
        return false;
    /* The C library turns 31 February into March; say no instead. */
    struct moment check = m;
    int64_t wall_ns = wall_of(check);
    check.tm.tm_isdst = -1;
    (void)(m.utc ? timegm(&check.tm) : mktime(&check.tm));
    if (check.tm.tm_mday != m.tm.tm_mday)
        return false;
    *ret = wall_ns;
    return true;
}

/* "-1h", "+5m", "1h ago" */
static bool relative_parse(struct lg_str s, int64_t now_ns, int64_t *ret)
{
    struct lg_str amount;
    bool back = true;
    uint64_t ns;
    if (lg_str_after(s, LG_STR("+"), &amount))
        back = false;
    else if (lg_str_ends(s, LG_STR(" ago")))
        amount = lg_str_trim(lg_str_first(s, s.len - 4));
    else if (!lg_str_after(s, LG_STR("-"), &amount))
        return false;
    if (!lg_str_duration(amount, &ns) || ns > (uint64_t)(INT64_MAX / 4))
        return false;
    *ret = back ? now_ns - (int64_t)ns : now_ns + (int64_t)ns;
    return true;
}

static bool unix_parse(struct lg_str s, int64_t *ret)
{
    struct lg_cut cut;
    uint64_t seconds;
    int64_t fraction_ns = 0;
    if (!lg_str_after(s, LG_STR("@"), &s))
        return false;
    cut = lg_str_cut_char(s, '.');
    if (!lg_str_u64(cut.head, &seconds) ||
        seconds > (uint64_t)INT64_MAX / LG_NS_PER_S - 1 ||
        (cut.found && !fraction_parse(cut.tail, &fraction_ns)))
        return false;
    *ret = (int64_t)(seconds * LG_NS_PER_S) + fraction_ns;
    return true;
}

static bool word_parse(struct lg_str s, int64_t now_ns, int64_t *ret)
{
    struct moment m = {0};
    if (lg_str_eq(s, LG_STR("now"))) {
        *ret = now_ns;
        return true;
    }
    midnight_of(now_ns, false, &m.tm);
    if (lg_str_eq(s, LG_STR("yesterday")))
        m.tm.tm_mday -= 1;
    else if (!lg_str_eq(s, LG_STR("today")))
        return false;
    *ret = wall_of(m);
    return true;
}

bool lg_cmd_time(const char *text, int64_t now_ns, int64_t *wall_ns_ret,
                 struct lg_error *err)
{
    struct lg_str s = lg_str_trim(lg_str_of(text));
    int64_t wall_ns = 0;
    if (!word_parse(s, now_ns, &wall_ns) && !unix_parse(s, &wall_ns) &&
        !relative_parse(s, now_ns, &wall_ns) &&
        !calendar_parse(s, now_ns, &wall_ns))
        return lg_fail(err, LG_USAGE,
                       "\"%s\" is not a time; write 2026-11-02, \"2026-11-02 "
                       "14:03\", 14:03, yesterday, -1h or @1793631789",
                       text);
    *wall_ns_ret = wall_ns;
    return true;
}
