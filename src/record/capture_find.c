/* SPDX-License-Identifier: Apache-2.0 */
#include "record/capture_find.h"

#include "sources/memory_source.h"
#include "sources/pprof_http.h"

#include <stdio.h>

#define MAX_ENDPOINTS 16
#define PROBE_TIMEOUT_NS (300 * LG_NS_PER_MS)
/* A runtime that has just been started, or a shell before it becomes the
 * program, is no Go program yet: after this long it is none. */
#define MEMORY_PATIENCE_NS (2 * LG_NS_PER_S)
#define MEMORY_TRIES 5
/* An endpoint is looked for meanwhile, but not before this. */
#define HTTP_FROM_NS (300 * LG_NS_PER_MS)
/* With the first captures, which are milliseconds apart or more. */
#define SWITCH_TRIES 4

static uint64_t now_ns(const struct lg_capture_finder *f)
{
    return lg_mono_ns(f->options->host->clock);
}

/* Will it never be, or is it only too early? */
static bool is_final(const struct lg_capture_finder *f,
                     const struct lg_error *err)
{
    return err->kind == LG_DENIED || err->kind == LG_UNSUPPORTED ||
           (f->memory_tries >= MEMORY_TRIES &&
            now_ns(f) - f->first_try_ns > MEMORY_PATIENCE_NS);
}

/* A runtime that is just coming up has the rate of every program, and sets it
 * to 0 a moment later: asked again with the first captures. */
static void switch_heap_profile(struct lg_capture_finder *f)
{
    if (!f->from_memory || f->is_switched || !f->options->switch_heap_profile ||
        f->switch_tries++ >= SWITCH_TRIES) {
        return;
    }
    f->is_switched = lg_memory_source_switch_heap_profile(f->source, NULL);
    f->tell_switched = f->is_switched;
}

static bool find_memory(struct lg_capture_finder *f, struct lg_error *err)
{
    if (f->options->from == LG_FROM_HTTP || f->memory_refused.kind != LG_OK) {
        return false;
    }
    f->first_try_ns = f->memory_tries++ == 0 ? now_ns(f) : f->first_try_ns;
    if (!lg_memory_source_create(f->options->host, f->options->pid,
                                 LG_FREEZE_AUTO, &f->source, err)) {
        if (is_final(f, err)) {
            f->memory_refused = *err;
        }
        return false;
    }
    f->from_memory = true;
    snprintf(f->name, sizeof f->name, "its memory");
    switch_heap_profile(f);
    return true;
}

static bool use_url(struct lg_capture_finder *f, const char *url,
                    struct lg_error *err)
{
    snprintf(f->name, sizeof f->name, "%s", url);
    return lg_pprof_http_probe(url, PROBE_TIMEOUT_NS, err) &&
           lg_pprof_http_create(url, &f->source, err);
}

static bool find_http(struct lg_capture_finder *f, struct lg_error *err)
{
    struct lg_endpoint endpoints[MAX_ENDPOINTS];
    size_t count = 0;
    if (f->options->pprof_url != NULL) {
        return use_url(f, f->options->pprof_url, err);
    }
    if (!lg_listening_sockets(f->options->host, f->options->pid, endpoints,
                              MAX_ENDPOINTS, &count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        char url[80];
        snprintf(url, sizeof url, "http://%s", endpoints[i].address);
        if (use_url(f, url, err)) {
            return true;
        }
    }
    return lg_fail(err, LG_ABSENT,
                   count == 0 ? "the program listens on no TCP port"
                              : "no listening port answers on /debug/pprof/");
}

bool lg_capture_find(struct lg_capture_finder *f, struct lg_error *err)
{
    struct lg_error from_memory = {0};
    if (f->source != NULL) {
        switch_heap_profile(f);
        return true;
    }
    if (find_memory(f, &from_memory)) {
        return true;
    }
    bool may_use_http = f->options->from != LG_FROM_MEMORY;
    if (may_use_http && f->options->from == LG_FROM_ANY &&
        f->memory_refused.kind == LG_OK) {
        may_use_http = now_ns(f) - f->first_try_ns > HTTP_FROM_NS;
    }
    if (may_use_http) {
        return find_http(f, err);
    }
    *err = f->memory_refused.kind != LG_OK ? f->memory_refused : from_memory;
    return false;
}
