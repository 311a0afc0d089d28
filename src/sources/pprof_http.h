/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: net/http/pprof as a source of captures. The endpoint is given as a
 * URL or found: the process's own listening TCP sockets are probed on loopback
 * for /debug/pprof/. Answers are not trusted: no redirects, bounded in time
 * and size, checked by their first bytes.
 */
#ifndef LG_SOURCES_PPROF_HTTP_H
#define LG_SOURCES_PPROF_HTTP_H

#include "sources/capture_source.h"
#include "sources/host.h"

#include <stddef.h>

/* Listening TCP sockets of a process, as "127.0.0.1:6060" or "[::1]:6060"
 * (wildcards become loopback), at most capacity. Looks at /proc/PID/net/tcp{,6}
 * and the process's descriptors. */
struct lg_endpoint {
    char address[64];
};
bool lg_listening_sockets(const struct lg_host *host, int64_t pid,
                          struct lg_endpoint *endpoints, size_t capacity,
                          size_t *count_ret, struct lg_error *err);

/* url: "http://127.0.0.1:6060" or with a path up to and including
 * "/debug/pprof/" (added when missing). */
bool lg_pprof_http_create(const char *url, struct lg_capture_source **ret,
                          struct lg_error *err);
/* Asks whether a pprof index answers there; ABSENT when something else does,
 * or nothing. */
bool lg_pprof_http_probe(const char *url, uint64_t timeout_ns,
                         struct lg_error *err);

#endif
