/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"
#include "decode/net_files.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    enum lg_net_file file;
    const char *line;
    uint64_t inode;
    const char *text;
} cases[] = {
    {LG_NET_TCP,
     "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
     "00000000     0        0 21712 1 ffff8880 100 0 0 10 0",
     21712, "TCP 127.0.0.1:8080 LISTEN"},
    {LG_NET_TCP,
     "  12: 0200000A:C350 0500000A:1538 01 00000000:00000000 00:00000000 "
     "00000000  1000        0 99 1 ffff8880 20 4 30 10 -1",
     99, "TCP 10.0.0.2:50000 → 10.0.0.5:5432 ESTABLISHED"},
    {LG_NET_TCP6,
     "   1: 00000000000000000000000000000000:0050 "
     "00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 7 1",
     7, "TCP [::]:80 LISTEN"},
    {LG_NET_TCP6,
     "   1: 0000000000000000FFFF00000100007F:0050 "
     "0000000000000000FFFF00000200007F:D431 08 0:0 00:0 0 0 0 8 1",
     8, "TCP 127.0.0.1:80 → 127.0.0.2:54321 CLOSE_WAIT"},
    {LG_NET_UDP6,
     "  3: 00000000000000000000000001000000:0035 "
     "00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 11 2",
     11, "UDP [::1]:53"},
    {LG_NET_UNIX,
     "ffff8880: 00000002 00000000 00010000 0001 01 12345 /run/a b.sock", 12345,
     "unix /run/a b.sock"},
    {LG_NET_UNIX, "ffff8880: 00000003 00000000 00000000 0001 03 12346", 12346,
     "unix"},
};

static void lines_become_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        char text[LG_NET_TEXT_BYTES];
        uint64_t inode = 0;
        struct lg_str line = lg_str_of(cases[i].line);
        assert_true(lg_net_line_inode(cases[i].file, line, &inode));
        assert_int_equal(inode, cases[i].inode);
        size_t len = lg_net_line_text(cases[i].file, line, text);
        assert_int_equal(len, strlen(cases[i].text));
        assert_memory_equal(text, cases[i].text, len);
    }
}

static void headers_are_no_sockets(void **state)
{
    (void)state;
    uint64_t inode;
    assert_false(lg_net_line_inode(
        LG_NET_TCP,
        LG_STR("  sl  local_address rem_address   st tx_queue rx_queue tr "
               "tm->when retrnsmt   uid  timeout inode"),
        &inode));
    assert_false(lg_net_line_inode(
        LG_NET_UNIX,
        LG_STR("Num       RefCount Protocol Flags    Type St Inode Path"),
        &inode));
}

static void damage_never_crashes(void **state)
{
    (void)state;
    struct lg_rng rng = {.state = 77};
    for (int round = 0; round < 20000; round++) {
        size_t i = lg_rng_below(&rng, LG_COUNT(cases));
        char line[256], text[LG_NET_TEXT_BYTES];
        size_t len = lg_rng_below(&rng, strlen(cases[i].line) + 1);
        uint64_t inode;
        memcpy(line, cases[i].line, len);
        if (len > 0)
            line[lg_rng_below(&rng, len)] = (char)lg_rng_u64(&rng);
        (void)lg_net_line_inode(cases[i].file, lg_str_from(line, len), &inode);
        assert_true(lg_net_line_text(cases[i].file, lg_str_from(line, len),
                                     text) < LG_NET_TEXT_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_words),
        cmocka_unit_test(headers_are_no_sockets),
        cmocka_unit_test(damage_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
