/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: one bounded GET from a server that nobody trusts. No redirects, no
 * proxies, no cookies, headers counted, the body given piece by piece to the
 * caller, who may stop it. The connection is kept for the next request, so that
 * a capture near the kill needs no accept of a program that is gasping. A
 * person who names a URL gets what struct lg_http_user says.
 */
#ifndef LG_SOURCES_HTTP_H
#define LG_SOURCES_HTTP_H

#include "base/error.h"

#include <stddef.h>

struct lg_curl;

/* What somebody expects of a URL that he typed: redirects are followed, the
 * environment's proxies are used (not for this machine's own names, as in
 * Go), and there is no bound on the whole, only on silence. */
struct lg_http_user {
    bool is_insecure;            /* certificates are not checked */
    const char *cert, *key, *ca; /* files of TLS; NULL: none */
};

struct lg_http {
    const struct lg_curl *curl;
    void *easy;          /* libcurl's handle */
    char unix_path[108]; /* connect to this socket instead; empty: TCP */
    const struct lg_http_user *user; /* borrowed; NULL: as said at the top */
    const char *post; /* borrowed; what is sent with POST; NULL: a GET */
};

struct lg_http_answer {
    long status; /* 0: no status line came */
    char content_type[64];
    char location[128];
    char start[120]; /* first line of a body whose status is not 200 */
    uint64_t body_bytes;
    bool stopped; /* by the caller's function */
};

/* Pieces of a body with status 200; false stops the transfer. */
typedef bool lg_http_body_fn(void *context, const char *data, size_t len);

bool lg_http_init(struct lg_http *http, struct lg_error *err);
void lg_http_deinit(struct lg_http *http);

/* timeout_ns: of the whole, or, with a user, of a silence.
 * true: status 200, and the whole body went through fn. false: err tells why in
 * one sentence that begins with the URL (without a password); when fn stopped
 * it, answer->stopped is set and err is left alone. ABSENT: nobody listens,
 * 404, 5xx, a redirect; DENIED: 401, 403; LIMIT: too slow or headers too long;
 * BAD_DATA: not HTTP, or the connection broke in the middle. */
bool lg_http_get(struct lg_http *http, const char *url, uint64_t timeout_ns,
                 lg_http_body_fn *fn, void *context,
                 struct lg_http_answer *answer, struct lg_error *err);

#endif
