/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The oracle decodes generously and asks afterwards whether the code point may
 * be and needed so many bytes. 0: bad. */
static size_t slow_utf8(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xF8   ? 0
                 : p[0] >= 0xF0 ? 4
                 : p[0] >= 0xE0 ? 3
                 : p[0] >= 0xC0 ? 2
                                : 0;
    if (len == 0 || len > left)
        return 0;
    uint32_t point = p[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        point = point << 6 | (p[i] & 0x3F);
    }
    bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    return point < least[len] || surrogate || point > 0x10FFFF ? 0 : len;
}

/* Every first and second byte, with third and fourth ones at the borders, cut
 * everywhere. */
static void well_formed_is_what_the_oracle_says(void **state)
{
    static const unsigned char border[] = {0x00, 0x41, 0x7F, 0x80, 0x8F,
                                           0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    for (uint32_t n = 0; n < 65536u * 100; n++) {
        unsigned char bytes[4] = {(unsigned char)(n / 100 >> 8),
                                  (unsigned char)(n / 100), border[n / 10 % 10],
                                  border[n % 10]};
        for (size_t left = 1; left <= 4; left++) {
            if (lg_utf8_len(bytes, left) != slow_utf8(bytes, left))
                fail_msg("%02x %02x %02x %02x, %zu", bytes[0], bytes[1],
                         bytes[2], bytes[3], left);
        }
    }
}

static size_t encode(uint32_t point, unsigned char *out)
{
    if (point < 0x80) {
        out[0] = (unsigned char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        out[i] = (unsigned char)(0x80 | (point & 0x3F));
    out[0] = (unsigned char)(0xF00 >> len | point);
    return len;
}

static void every_character_is_one(void **state)
{
    for (uint32_t point = 0; point <= 0x10FFFF; point++) {
        unsigned char *bytes = malloc(4);
        size_t len = encode(point, bytes);
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        unsigned char *exact = realloc(bytes, len);
        if (lg_utf8_len(exact, len) != (surrogate ? 0 : len))
            fail_msg("U+%04X", point);
        free(exact);
    }
}

/* Go's utf8.RuneCountInString. */
static void bad_bytes_are_a_character_each(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {
        {"", 0},
        {"abc", 3},
        {"\xC3\xBC", 1},
        {"\xFF\xFE", 2},
        {"\xE2\x82", 2},
        {"a\xE2\x82\xAC"
         "b",
         3},
        {"\xED\xA0\x80", 3},
        {"\xF0\x9F\x98\x80\xC3", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(lg_utf8_count(cases[i].text, strlen(cases[i].text)),
                         cases[i].count);
    assert_int_equal(lg_utf8_count(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_is_what_the_oracle_says),
        cmocka_unit_test(every_character_is_one),
        cmocka_unit_test(bad_bytes_are_a_character_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
