/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/measure.h"

#include "base/vec.h"

#include <math.h>
#include <stdio.h>

#define MAX_ALIASES 3
/* Longer than any alias with a plural's s: what is longer is no unit. */
#define MAX_ALIAS_BYTES 16

struct lg_unit {
    struct lg_str name;
    struct lg_str aliases[MAX_ALIASES];
    double factor;
};

struct lg_unit_family {
    const struct lg_unit *units;
    size_t count;
    struct lg_str default_name;
    double default_factor;
};

static const struct lg_unit memory_units[] = {
    {LG_STR("B"), {LG_STR("b"), LG_STR("byte")}, 1},
    {LG_STR("kB"), {LG_STR("kb"), LG_STR("kbyte"), LG_STR("kilobyte")}, 0x1p10},
    {LG_STR("MB"), {LG_STR("mb"), LG_STR("mbyte"), LG_STR("megabyte")}, 0x1p20},
    {LG_STR("GB"), {LG_STR("gb"), LG_STR("gbyte"), LG_STR("gigabyte")}, 0x1p30},
    {LG_STR("TB"), {LG_STR("tb"), LG_STR("tbyte"), LG_STR("terabyte")}, 0x1p40},
    {LG_STR("PB"), {LG_STR("pb"), LG_STR("pbyte"), LG_STR("petabyte")}, 0x1p50},
};
/* pprof's "μs" is no alias: it is three bytes long, and loses its s first. */
static const struct lg_unit time_units[] = {
    {LG_STR("ns"), {LG_STR("ns"), LG_STR("nanosecond")}, 1},
    {LG_STR("us"), {LG_STR("us"), LG_STR("microsecond")}, 1e3},
    {LG_STR("ms"), {LG_STR("ms"), LG_STR("millisecond")}, 1e6},
    {LG_STR("s"), {LG_STR("s"), LG_STR("sec"), LG_STR("second")}, 1e9},
    {LG_STR("hrs"), {LG_STR("hour"), LG_STR("hr")}, 3600e9},
};
static const struct lg_unit gcu_units[] = {
    {LG_STR("n*GCU"), {LG_STR("nanogcu")}, 1e-9},
    {LG_STR("u*GCU"), {LG_STR("microgcu")}, 1e-6},
    {LG_STR("m*GCU"), {LG_STR("milligcu")}, 1e-3},
    {LG_STR("GCU"), {LG_STR("gcu")}, 1},
    {LG_STR("k*GCU"), {LG_STR("kilogcu")}, 1e3},
    {LG_STR("M*GCU"), {LG_STR("megagcu")}, 1e6},
    {LG_STR("G*GCU"), {LG_STR("gigagcu")}, 1e9},
    {LG_STR("T*GCU"), {LG_STR("teragcu")}, 1e12},
    {LG_STR("P*GCU"), {LG_STR("petagcu")}, 1e15},
};
static const struct lg_unit_family families[] = {
    {memory_units, LG_COUNT(memory_units), LG_STR("B"), 1},
    {time_units, LG_COUNT(time_units), LG_STR("s"), 1e9},
    {gcu_units, LG_COUNT(gcu_units), LG_STR("GCU"), 1},
};

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool has_alias(const struct lg_unit *u, struct lg_str alias)
{
    for (size_t i = 0; i < MAX_ALIASES && u->aliases[i].len != 0; i++) {
        if (alias.len == u->aliases[i].len &&
            memcmp(alias.data, u->aliases[i].data, alias.len) == 0)
            return true;
    }
    return false;
}

static const struct lg_unit *unit_of(const struct lg_unit_family *family,
                                     struct lg_str name)
{
    char lower[MAX_ALIAS_BYTES];
    if (name.len > sizeof lower)
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = to_lower(name.data[i]);
    struct lg_str alias = {lower, name.len};
    if (alias.len > 2 && alias.data[alias.len - 1] == 's')
        alias.len--;
    for (size_t i = 0; i < family->count; i++) {
        if (has_alias(&family->units[i], alias))
            return &family->units[i];
    }
    return NULL;
}

static bool is_automatic(struct lg_str unit)
{
    return lg_str_eq(unit, LG_STR("minimum")) ||
           lg_str_eq(unit, LG_STR("auto"));
}

/* The largest unit of which value has at least one. */
static const struct lg_unit *unit_for(const struct lg_unit_family *family,
                                      double value)
{
    const struct lg_unit *best = NULL;
    for (size_t i = 0; i < family->count; i++) {
        const struct lg_unit *u = &family->units[i];
        if ((best == NULL || u->factor >= best->factor) &&
            value / u->factor >= 1.0)
            best = u;
    }
    return best;
}

static bool is_uninteresting(struct lg_str unit)
{
    return lg_str_eq(unit, LG_STR("count")) ||
           lg_str_eq(unit, LG_STR("sample")) ||
           lg_str_eq(unit, LG_STR("unit")) || is_automatic(unit);
}

struct lg_measure lg_measure_of(struct lg_str from, struct lg_str to)
{
    struct lg_measure m = {.from = from, .to = to};
    for (size_t i = 0; m.family == NULL && i < LG_COUNT(families); i++) {
        m.from_unit = unit_of(&families[i], from);
        m.family = m.from_unit != NULL ? &families[i] : NULL;
    }
    if (m.family != NULL)
        m.to_unit = unit_of(m.family, to);
    return m;
}

/* value is not negative, or the least. */
static double convert(const struct lg_measure *m, int64_t value,
                      struct lg_str *unit_ret)
{
    if (m->family == NULL) {
        *unit_ret = is_uninteresting(m->to) ? LG_STR("") : m->to;
        return (double)value;
    }
    double smallest = (double)value * m->from_unit->factor;
    const struct lg_unit *u =
        is_automatic(m->to) ? unit_for(m->family, smallest) : m->to_unit;
    *unit_ret = u != NULL ? u->name : m->family->default_name;
    return smallest / (u != NULL ? u->factor : m->family->default_factor);
}

static double scale(const struct lg_measure *m, int64_t value,
                    struct lg_str *unit_ret)
{
    return value < 0 && value != INT64_MIN ? -convert(m, -value, unit_ret)
                                           : convert(m, value, unit_ret);
}

double lg_measure_scale(int64_t value, struct lg_str from, struct lg_str to,
                        struct lg_str *unit_ret)
{
    struct lg_measure m = lg_measure_of(from, to);
    return scale(&m, value, unit_ret);
}

/* The digits of n before end; how many. */
static size_t print_whole(char *end, uint64_t n)
{
    size_t len = 0;
    do {
        end[-1 - (ptrdiff_t)len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    return len;
}

/* Reports print five of these a line, and printf's arithmetic is slow. To the
 * nearest whole number of hundredths, as printf has it, exactly: where the
 * product was rounded to the middle of two, what it lost decides; where it lost
 * nothing, the even one is nearest. value is from 0 to 1e10. */
static uint64_t hundredths(double value)
{
    double product = value * 100;
    uint64_t below = (uint64_t)product;
    double rest = product - (double)below;
    if (rest != 0.5)
        return below + (rest > 0.5);
    double lost = fma(value, 100, -product);
    return lost != 0 ? below + (lost > 0) : below + below % 2;
}

/* "%.2f" of value, which is 0 or above, before end; 0: left to printf. */
static size_t print_cents(char *end, double value)
{
    if (!(value >= 0 && value < 1e10))
        return 0;
    uint64_t cents = hundredths(value);
    end[-1] = (char)('0' + cents % 10);
    end[-2] = (char)('0' + cents / 10 % 10);
    end[-3] = '.';
    return 3 + print_whole(end - 3, cents / 100);
}

/* The nearest whole number, unless value is so near to the middle of two that
 * the last bits of a double decide. value is from 0 to 1e12. */
static bool round_clearly(double value, uint64_t *ret)
{
    uint64_t below = (uint64_t)value;
    double rest = value - (double)below;
    *ret = below + (rest > 0.5);
    return fabs(rest - 0.5) > 1e-3;
}

/* "%.2g" of value, which is below 1, before end; 0: left to printf. */
static size_t print_two_digits(char *end, double value)
{
    uint64_t digits;
    size_t zeros = 0; /* behind the point */
    if (value == 0) {
        end[-1] = '0';
        return 1;
    }
    for (; value < 0.1 && zeros < 4; zeros++)
        value *= 10;
    if (!(value >= 0.1) || zeros == 4 || !round_clearly(value * 100, &digits) ||
        digits < 10 || digits > 99)
        return 0;
    size_t len = 0;
    if (digits % 10 != 0)
        end[-1 - (ptrdiff_t)len++] = (char)('0' + digits % 10);
    end[-1 - (ptrdiff_t)len++] = (char)('0' + digits / 10);
    for (; zeros > 0; zeros--)
        end[-1 - (ptrdiff_t)len++] = '0';
    end[-1 - (ptrdiff_t)len++] = '.';
    end[-1 - (ptrdiff_t)len++] = '0';
    return len;
}

void lg_measure_value(int64_t value, const struct lg_measure *measure,
                      struct lg_measured *ret)
{
    double scaled = scale(measure, value, &ret->unit);
    char *end = ret->text + sizeof ret->text;
    size_t len = print_cents(end, scaled);
    ret->number = lg_str_from(end - len, len);
    if (len == 0) {
        int printed = snprintf(ret->text, sizeof ret->text, "%.2f", scaled);
        ret->number = lg_str_from(ret->text, (size_t)printed);
    }
    if (lg_str_ends(ret->number, LG_STR(".00")))
        ret->number.len -= 3;
    if (lg_str_eq(ret->number, LG_STR("0")) ||
        lg_str_eq(ret->number, LG_STR("-0"))) {
        ret->number = LG_STR("0");
        ret->unit = LG_STR("");
    }
}

void lg_measure_label(struct lg_sb *sb, int64_t value, struct lg_str from,
                      struct lg_str to)
{
    struct lg_measure m = lg_measure_of(from, to);
    struct lg_measured measured;
    lg_measure_value(value, &m, &measured);
    lg_sb_str(sb, measured.number);
    lg_sb_str(sb, measured.unit);
}

void lg_measure_percentage(struct lg_sb *sb, int64_t value, int64_t total)
{
    char text[32], *end = text + sizeof text;
    double ratio = total != 0 ? fabs((double)value / (double)total) * 100 : 0.0;
    if (ratio >= 99.95 && ratio <= 100.05) {
        lg_sb_cstr(sb, "  100%");
        return;
    }
    end[-1] = '%';
    size_t len = ratio >= 1.0 ? print_cents(end - 1, ratio)
                              : print_two_digits(end - 1, ratio);
    if (len == 0) {
        lg_sb_fmt(sb, ratio >= 1.0 ? "%5.2f%%" : "%5.2g%%", ratio);
        return;
    }
    if (len < 5)
        lg_sb_repeat(sb, ' ', 5 - len);
    lg_sb_str(sb, lg_str_from(end - 1 - len, len + 1));
}

bool lg_measure_compatible(struct lg_str unit_a, struct lg_str unit_b)
{
    if (lg_str_eq(unit_a, unit_b))
        return true;
    for (size_t i = 0; i < LG_COUNT(families); i++) {
        if (unit_of(&families[i], unit_a) != NULL &&
            unit_of(&families[i], unit_b) != NULL)
            return true;
    }
    return false;
}
