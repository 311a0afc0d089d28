/* SPDX-License-Identifier: Apache-2.0 */
/* The words in which the house prints numbers. Integers only: exact for all 64
 * bits, and no locale has a say. */
#include "base/clock.h"
#include "base/sb.h"

#include <inttypes.h>

/* n / unit, rounded half up. */
static uint64_t rounded(uint64_t n, uint64_t unit)
{
    return n / unit + (n % unit >= unit - unit / 2);
}

/* n / unit in tenths, rounded half up; n * 10 needs more than 64 bits. */
static uint64_t rounded_tenths(uint64_t n, uint64_t unit)
{
    if (n <= UINT64_MAX / 32 && unit <= UINT64_MAX / 32) /* far cheaper */
        return (n * 20 + unit) / unit / 2;
    unsigned __int128 twice = (unsigned __int128)n * 20 + unit;
    return (uint64_t)(twice / unit / 2);
}

/* Tables are full of them: without a format to be read each time. */
static void put_u64(struct lg_sb *sb, uint64_t n)
{
    char text[20], *at = text + sizeof text;
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    lg_sb_str(sb, lg_str_from(at, (size_t)(text + sizeof text - at)));
}

static void tenths(struct lg_sb *sb, uint64_t n, const char *unit)
{
    put_u64(sb, n / 10);
    lg_sb_char(sb, '.');
    lg_sb_char(sb, (char)('0' + n % 10));
    lg_sb_char(sb, ' ');
    lg_sb_cstr(sb, unit);
}

void lg_sb_bytes(struct lg_sb *sb, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        put_u64(sb, bytes);
        lg_sb_cstr(sb, " B");
        return;
    }
    size_t i = 0;
    uint64_t unit = 1024;
    /* 1023.96 KiB would round to 1024.0 KiB: the next unit says 1.0. */
    while (i + 1 < sizeof units / sizeof units[0] &&
           rounded_tenths(bytes, unit) >= 10240) {
        unit <<= 10;
        i++;
    }
    tenths(sb, rounded_tenths(bytes, unit), units[i]);
}

void lg_sb_count(struct lg_sb *sb, uint64_t n)
{
    char text[32]; /* 20 digits and 6 commas */
    size_t at = sizeof text, digits = 0;
    do {
        if (digits != 0 && digits % 3 == 0)
            text[--at] = ',';
        text[--at] = (char)('0' + n % 10);
        n /= 10;
        digits++;
    } while (n != 0);
    lg_sb_str(sb, lg_str_from(text + at, sizeof text - at));
}

/* "3 min 20 s"; the small part is left out when it is 0. */
static void two_parts(struct lg_sb *sb, uint64_t n, uint64_t small_per_big,
                      const char *big, const char *small)
{
    lg_sb_fmt(sb, "%" PRIu64 " %s", n / small_per_big, big);
    if (n % small_per_big != 0)
        lg_sb_fmt(sb, " %" PRIu64 " %s", n % small_per_big, small);
}

/* Each step asks whether the rounded number still fits the unit. */
void lg_sb_duration(struct lg_sb *sb, uint64_t ns)
{
    const uint64_t minute = 60 * LG_NS_PER_S, hour = 60 * minute;
    if (ns == 0)
        lg_sb_cstr(sb, "0 s");
    else if (ns < 1000)
        lg_sb_fmt(sb, "%" PRIu64 " ns", ns);
    else if (rounded_tenths(ns, 1000) < 100)
        tenths(sb, rounded_tenths(ns, 1000), "\u00b5s");
    else if (rounded(ns, 1000) < 1000)
        lg_sb_fmt(sb, "%" PRIu64 " \u00b5s", rounded(ns, 1000));
    else if (rounded_tenths(ns, LG_NS_PER_MS) < 100)
        tenths(sb, rounded_tenths(ns, LG_NS_PER_MS), "ms");
    else if (rounded(ns, LG_NS_PER_MS) < 1000)
        lg_sb_fmt(sb, "%" PRIu64 " ms", rounded(ns, LG_NS_PER_MS));
    else if (rounded_tenths(ns, LG_NS_PER_S) < 600)
        tenths(sb, rounded_tenths(ns, LG_NS_PER_S), "s");
    else if (rounded(ns, LG_NS_PER_S) < 3600)
        two_parts(sb, rounded(ns, LG_NS_PER_S), 60, "min", "s");
    else if (rounded(ns, minute) < 1440)
        two_parts(sb, rounded(ns, minute), 60, "h", "min");
    else
        two_parts(sb, rounded(ns, hour), 24, "d", "h");
}
