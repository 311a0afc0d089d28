/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/pprof_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/vec.h"
#include "tmpdir.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(int family, const char *address, unsigned *port_ret)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr *any =
        family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t len = family == AF_INET ? sizeof v4 : sizeof v6;
    void *bytes =
        family == AF_INET ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr;
    assert_int_equal(inet_pton(family, address, bytes), 1);
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, any, len) != 0)
        return -1; /* a machine without IPv6 */
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, any, &len), 0);
    *port_ret = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
    return fd;
}

static bool has(const struct lg_endpoint *endpoints, size_t count,
                const char *host, unsigned port)
{
    char want[80];
    snprintf(want, sizeof want, "%s:%u", host, port);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(endpoints[i].address, want) == 0)
            return true;
    }
    return false;
}

static void finds_our_own(void **state)
{
    struct lg_host host;
    struct lg_endpoint found[64];
    struct lg_error err = {0};
    size_t count = 0;
    unsigned p1, p2, p3 = 0;
    assert_true(lg_host_init(&host, NULL, &err));
    int a = listen_on(AF_INET, "127.0.0.1", &p1);
    int b = listen_on(AF_INET, "0.0.0.0", &p2);
    int c = listen_on(AF_INET6, "::", &p3);
    int idle = socket(AF_INET, SOCK_STREAM, 0); /* does not listen */
    assert_true(lg_listening_sockets(&host, getpid(), found, 64, &count, &err));
    assert_int_equal(count, c >= 0 ? 3 : 2);
    assert_true(has(found, count, "127.0.0.1", p1));
    assert_true(has(found, count, "127.0.0.1", p2));
    if (c >= 0)
        assert_true(has(found, count, "[::1]", p3));
    assert_true(lg_listening_sockets(&host, getpid(), found, 1, &count, &err));
    assert_int_equal(count, 1);
    close(a);
    close(b);
    close(c);
    close(idle);
    assert_true(lg_listening_sockets(&host, getpid(), found, 64, &count, &err));
    assert_int_equal(count, 0);
    assert_false(
        lg_listening_sockets(&host, INT64_C(1) << 40, found, 64, &count, &err));
    assert_int_equal(err.kind, LG_ABSENT);
    lg_host_deinit(&host);
}

#define HEADER                                                                 \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "      \
    "retrnsmt   uid  timeout inode\n"
#define ROW(local, st, inode)                                                  \
    "   0: " local " 00000000:0000 " st " 00000000:00000000 00:00000000 "      \
    "00000000     0        0 " inode " 1 0000000000000000 100 0 0 10 0\n"

static void put(int root, const char *name, const char *text)
{
    struct lg_error err = {0};
    assert_true(lg_write_file(root, name, lg_str_of(text), 0644, &err));
}

/* A copy of another machine: words as x86-64 and arm64 have them. */
static void reads_a_copy(void **state)
{
    struct lg_host host;
    struct lg_endpoint found[64];
    struct lg_error err = {0};
    size_t count = 0;
    assert_true(lg_host_init(&host, *state, &err));
    int root = host.root_fd;
    char path[300];
    snprintf(path, sizeof path, "%s/proc/7/fd", (char *)*state);
    assert_true(lg_make_dirs(path, 0755, &err));
    snprintf(path, sizeof path, "%s/proc/7/net", (char *)*state);
    assert_true(lg_make_dirs(path, 0755, &err));
    put(root, "proc/7/net/tcp",
        HEADER ROW("0100007F:1F90", "0A", "11") ROW("00000000:0050", "0A", "12")
            ROW("0500000A:17AC", "0A", "13") ROW("0100007F:1F91", "0A", "99")
                ROW("0100007F:1F92", "01", "14") "garbage\n0: 1 2\n" ROW(
                    "0100007F:0", "0A", "11") ROW("0100007FF:2", "0A", "11"));
    put(root, "proc/7/net/tcp6",
        HEADER ROW("00000000000000000000000000000000:17AC", "0A", "15")
            ROW("0000000000000000FFFF00000100007F:17AD", "0A", "16")
                ROW("00000000000000000000000001000000:17AE", "0A", "17"));
    for (unsigned inode = 11; inode <= 17; inode++) {
        char name[40], target[40];
        snprintf(name, sizeof name, "proc/7/fd/%u", inode);
        snprintf(target, sizeof target, "socket:[%u]", inode);
        assert_int_equal(symlinkat(target, root, name), 0);
    }
    assert_int_equal(symlinkat("/dev/null", root, "proc/7/fd/0"), 0);
    assert_int_equal(symlinkat("socket:[99", root, "proc/7/fd/1"), 0);
    assert_true(lg_listening_sockets(&host, 7, found, 64, &count, &err));
    static const char *const want[] = {
        "127.0.0.1:80",   "10.0.0.5:6060", "[::1]:6060",
        "127.0.0.1:6061", "[::1]:6062",    "127.0.0.1:8080",
    };
    assert_int_equal(count, LG_COUNT(want));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(found[i].address, want[i]);
    assert_int_equal(unlinkat(root, "proc/7/net/tcp6", 0), 0);
    assert_true(lg_listening_sockets(&host, 7, found, 64, &count, &err));
    assert_int_equal(count, 3); /* no IPv6 there: fine */
    lg_host_deinit(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_our_own),
        lg_tmpdir_test(reads_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
