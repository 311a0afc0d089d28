/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_time.h"

#include "base/clock.h"

struct civil {
    uint64_t year, month, day, hour, minute, second;
    uint64_t fraction_ns;
};

/* Days since 1970-01-01 of a date in the Gregorian calendar; March is the
 * first month of its year, so that February's length comes last. */
static int64_t days_of(const struct civil *c)
{
    int64_t y = (int64_t)c->year - (c->month <= 2);
    int64_t m = ((int64_t)c->month + 9) % 12;
    int64_t leap_days = y / 4 - y / 100 + y / 400;
    int64_t day_of_year = (153 * m + 2) / 5 + (int64_t)c->day - 1;
    return y * 365 + leap_days + day_of_year - 719468;
}

static bool civil_ok(const struct civil *c)
{
    return c->year >= 1970 && c->year < 2200 && c->month >= 1 &&
           c->month <= 12 && c->day >= 1 && c->day <= 31 && c->hour < 24 &&
           c->minute < 60 && c->second <= 60;
}

static int64_t wall_of(const struct civil *c, int64_t offset_s)
{
    int64_t day_s = (int64_t)(c->hour * 3600 + c->minute * 60 + c->second);
    int64_t s = days_of(c) * 86400 + day_s - offset_s;
    return s * (int64_t)LG_NS_PER_S + (int64_t)c->fraction_ns;
}

/* Exactly n digits. */
static bool digits(struct lg_str *s, size_t n, uint64_t *ret)
{
    uint64_t value = 0;
    if (s->len < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = s->data[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (uint64_t)(c - '0');
    }
    *s = lg_str_skip(*s, n);
    *ret = value;
    return true;
}

static bool byte(struct lg_str *s, char c)
{
    if (s->len == 0 || s->data[0] != c)
        return false;
    *s = lg_str_skip(*s, 1);
    return true;
}

uint64_t lg_oom_time_fraction_ns(struct lg_str *s)
{
    uint64_t ns = 0, unit = LG_NS_PER_S;
    while (s->len != 0 && s->data[0] >= '0' && s->data[0] <= '9') {
        unit /= 10;
        ns += unit * (uint64_t)(s->data[0] - '0');
        *s = lg_str_skip(*s, 1);
    }
    return ns;
}

static bool clock_of(struct lg_str *s, struct civil *c)
{
    if (!digits(s, 2, &c->hour) || !byte(s, ':') || !digits(s, 2, &c->minute) ||
        !byte(s, ':') || !digits(s, 2, &c->second))
        return false;
    if (byte(s, '.') || byte(s, ','))
        c->fraction_ns = lg_oom_time_fraction_ns(s);
    return true;
}

/* Z, ±hh, ±hhmm, ±hh:mm; without one the log's own offset stays. */
static void zone_of(struct lg_str *s, int64_t *offset_s)
{
    struct lg_str at = *s;
    uint64_t hours, minutes = 0;
    if (byte(&at, 'Z') || lg_str_after(at, LG_STR(" UTC"), &at) ||
        lg_str_after(at, LG_STR(" GMT"), &at)) {
        *offset_s = 0;
        *s = at;
        return;
    }
    bool east = byte(&at, '+');
    if ((!east && !byte(&at, '-')) || !digits(&at, 2, &hours))
        return;
    byte(&at, ':');
    if (!digits(&at, 2, &minutes))
        minutes = 0;
    int64_t offset = (int64_t)(hours * 3600 + minutes * 60);
    *offset_s = east ? offset : -offset;
    *s = at;
}

bool lg_oom_time_iso(struct lg_str *s, const struct lg_oom_options *o,
                     int64_t *wall_ns_ret)
{
    struct lg_str at = *s;
    struct civil c = {0};
    if (!digits(&at, 4, &c.year) || !byte(&at, '-') ||
        !digits(&at, 2, &c.month) || !byte(&at, '-') || !digits(&at, 2, &c.day))
        return false;
    if ((!byte(&at, 'T') && !byte(&at, ' ')) || !clock_of(&at, &c) ||
        !civil_ok(&c))
        return false;
    int64_t offset_s = o->utc_offset_s;
    zone_of(&at, &offset_s);
    *s = at;
    *wall_ns_ret = wall_of(&c, offset_s);
    return true;
}

static bool month_of(struct lg_str *s, uint64_t *month_ret)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (s->len < 4 || s->data[3] != ' ')
        return false;
    for (uint64_t m = 0; m < 12; m++) {
        if (lg_str_starts(*s, lg_str_from(names + m * 3, 3))) {
            *month_ret = m + 1;
            *s = lg_str_skip(*s, 4);
            return true;
        }
    }
    return false;
}

/* "Nov  2 14:03:09" and "Nov 02 14:03:09". */
static bool month_day_clock(struct lg_str *s, struct civil *c)
{
    if (!month_of(s, &c->month))
        return false;
    bool padded = byte(s, ' ');
    if (!digits(s, padded ? 1 : 2, &c->day) || !byte(s, ' '))
        return false;
    return clock_of(s, c);
}

/* The log is from the past: a date that would lie ahead is of last year. */
static bool year_of(struct civil *c, const struct lg_oom_options *o)
{
    if (o->year > 0) {
        c->year = (uint64_t)o->year;
        return civil_ok(c);
    }
    if (o->now_ns <= 0)
        return false;
    int64_t day_ns = 86400 * (int64_t)LG_NS_PER_S;
    c->year = 1970 + (uint64_t)(o->now_ns / day_ns) * 400 / 146097 + 1;
    while (civil_ok(c) && wall_of(c, o->utc_offset_s) > o->now_ns + day_ns)
        c->year--;
    return civil_ok(c);
}

bool lg_oom_time_syslog(struct lg_str *s, const struct lg_oom_options *o,
                        int64_t *wall_ns_ret)
{
    struct lg_str at = *s;
    struct civil c = {0};
    if (!month_day_clock(&at, &c))
        return false;
    *s = at;
    *wall_ns_ret = year_of(&c, o) ? wall_of(&c, o->utc_offset_s) : 0;
    return true;
}

static bool weekday(struct lg_str *s)
{
    static const char names[] = "MonTueWedThuFriSatSun";
    for (size_t d = 0; d < 7; d++)
        if (s->len > 3 && s->data[3] == ' ' &&
            lg_str_starts(*s, lg_str_from(names + d * 3, 3))) {
            *s = lg_str_skip(*s, 4);
            return true;
        }
    return false;
}

bool lg_oom_time_ctime(struct lg_str *s, const struct lg_oom_options *o,
                       int64_t *wall_ns_ret)
{
    struct lg_str at = *s;
    struct civil c = {0};
    if (!weekday(&at))
        return false;
    if (lg_oom_time_iso(&at, o, wall_ns_ret)) { /* journal's short-full */
        *s = at;
        return true;
    }
    if (!month_day_clock(&at, &c) || !byte(&at, ' ') ||
        !digits(&at, 4, &c.year) || !civil_ok(&c))
        return false;
    *s = at;
    *wall_ns_ret = wall_of(&c, o->utc_offset_s);
    return true;
}

bool lg_oom_time_unix(struct lg_str *s, int64_t *wall_ns_ret)
{
    struct lg_str at = *s;
    uint64_t seconds;
    if (!digits(&at, 10, &seconds) || seconds < 1000000000 || !byte(&at, '.'))
        return false;
    uint64_t ns = lg_oom_time_fraction_ns(&at);
    if (at.len == 0 || at.data[0] != ' ')
        return false;
    *s = at;
    *wall_ns_ret = (int64_t)(seconds * LG_NS_PER_S + ns);
    return true;
}
