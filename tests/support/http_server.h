/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a server on loopback that says exactly what a test wants, byte by
 * byte, however wrong. One thread, one connection at a time, no clocks: it goes
 * on when the client hangs up.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_HTTP_SERVER_H
#define LG_TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct lg_http_server {
    const char *answer;
    size_t answer_len;
    bool endless;   /* repeats the answer until the client leaves */
    bool hangs;     /* keeps the connection open after the answer */
    bool keeps;     /* answers further requests of the connection */
    bool byte_wise; /* each byte in a segment of its own */
    int fd;
    unsigned connections, requests;
    char request[4096]; /* the last one */
    char url[64];
    pthread_t thread;
};

static inline bool lg_http_server_send(int fd, const char *data, size_t len)
{
    return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Up to the empty line; false when the client has left. */
static inline bool lg_http_server_request(struct lg_http_server *s, int fd)
{
    size_t len = 0;
    while (len < sizeof s->request - 1) {
        ssize_t n = recv(fd, s->request + len, sizeof s->request - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        s->request[len] = '\0';
        if (len >= 4 && memcmp(s->request + len - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    s->requests++;
    return true;
}

static inline void lg_http_server_answer(struct lg_http_server *s, int fd)
{
    size_t step = s->byte_wise ? 1 : s->answer_len;
    bool sent = true;
    for (size_t i = 0; sent && i < s->answer_len; i += step)
        sent = lg_http_server_send(fd, s->answer + i, step);
    while (sent && s->endless)
        sent = lg_http_server_send(fd, s->answer, s->answer_len);
    char end;
    if (s->hangs)
        (void)!recv(fd, &end, 1, 0);
}

static inline void *lg_http_server_main(void *context)
{
    struct lg_http_server *s = context;
    int fd;
    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        s->connections++;
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof one);
        while (lg_http_server_request(s, fd)) {
            lg_http_server_answer(s, fd);
            if (!s->keeps)
                break;
        }
        close(fd);
    }
    return NULL;
}

static inline void lg_http_server_start(struct lg_http_server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u",
             ntohs(address.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, lg_http_server_main, s),
                     0);
}

static inline void lg_http_server_stop(struct lg_http_server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

#endif
