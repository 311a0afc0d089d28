/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t system_wall_ns(void *context)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)LG_NS_PER_S + now.tv_nsec;
}

static uint64_t system_mono_ns(void *context)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * LG_NS_PER_S + (uint64_t)now.tv_nsec;
}

const struct lg_clock lg_clock_system = {
    .wall_ns = system_wall_ns,
    .mono_ns = system_mono_ns,
};

struct date {
    int64_t year;
    unsigned month, day;
};

/* Gregorian date of a day since 1970-01-01, by eras of 400 years that begin on
 * the first of March, so that the leap day is the last of its year (Howard
 * Hinnant's civil_from_days). Not gmtime_r: that reads /etc/localtime and
 * allocates when it is first called. */
static struct date date_of_day(int64_t day)
{
    day += 719468; /* from 0000-03-01 */
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    unsigned of_era = (unsigned)(day - era * 146097);
    unsigned year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0: March */
    struct date d = {
        .year = (int64_t)year + era * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - (153 * month + 2) / 5 + 1,
    };
    return d;
}

void lg_time_text(int64_t unix_ns, char text[LG_TIME_TEXT_BYTES])
{
    const int64_t per_ms = (int64_t)LG_NS_PER_MS, per_day = 86400000;
    int64_t ms = unix_ns / per_ms - (unix_ns % per_ms < 0);
    int64_t day = ms / per_day - (ms % per_day < 0);
    unsigned of_day = (unsigned)(ms - day * per_day);
    struct date d = date_of_day(day);
    snprintf(text, LG_TIME_TEXT_BYTES, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (int)d.year, d.month, d.day, of_day / 3600000, of_day / 60000 % 60,
             of_day / 1000 % 60, of_day % 1000);
}
