/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: libcurl, loaded when somebody speaks HTTP and not before. It brings
 * some thirty libraries along, whose relocation is most of what starting
 * lastgasp would cost, and whose pages the recorder would hold.
 */
#ifndef LG_SOURCES_CURL_API_H
#define LG_SOURCES_CURL_API_H

#include "base/error.h"

#include <curl/curl.h>

/* libcurl's functions of the same names. easy_setopt and easy_getinfo go
 * without the header's checks of types: the caller gives what the option
 * documents (long, char *, a function of the documented type). */
struct lg_curl {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *easy);
    void (*easy_reset)(CURL *easy);
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    CURLcode (*easy_perform)(CURL *easy);
    const char *(*easy_strerror)(CURLcode code);
};

/* Loaded once, for good; from any thread. NULL, UNSUPPORTED: it is not
 * installed. */
const struct lg_curl *lg_curl_load(struct lg_error *err);

#endif
