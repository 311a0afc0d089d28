/* SPDX-License-Identifier: Apache-2.0 */
#include "sources/curl_api.h"

#include "base/late_library.h"
#include "base/vec.h"

#include <pthread.h>
#include <stddef.h>

/* The name of its interface since 2000; an incompatible one would have
 * another. */
#define LIBRARY "libcurl.so.4"

static struct lg_curl api;
static bool is_loaded;

static const struct lg_late_function functions[] = {
    {"curl_global_init", offsetof(struct lg_curl, global_init)},
    {"curl_easy_init", offsetof(struct lg_curl, easy_init)},
    {"curl_easy_cleanup", offsetof(struct lg_curl, easy_cleanup)},
    {"curl_easy_reset", offsetof(struct lg_curl, easy_reset)},
    {"curl_easy_setopt", offsetof(struct lg_curl, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct lg_curl, easy_getinfo)},
    {"curl_easy_perform", offsetof(struct lg_curl, easy_perform)},
    {"curl_easy_strerror", offsetof(struct lg_curl, easy_strerror)},
};

static void load(void)
{
    if (!lg_late_library_load(LIBRARY, functions, LG_COUNT(functions), &api))
        return;
    /* Nothing: no Windows sockets, and OpenSSL starts itself when needed. */
    is_loaded = api.global_init(CURL_GLOBAL_NOTHING) == CURLE_OK;
}

const struct lg_curl *lg_curl_load(struct lg_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (is_loaded)
        return &api;
    lg_fail(err, LG_UNSUPPORTED,
            "HTTP needs " LIBRARY
            ", which cannot be loaded; Debian's package libcurl4 has it");
    return NULL;
}
