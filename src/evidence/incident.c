/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/incident.h"

static bool has_heap(const struct lg_capture *c)
{
    return c->heap != NULL;
}

static bool has_goroutines(const struct lg_capture *c)
{
    return c->goroutines != NULL || c->goroutine_profile != NULL;
}

static bool has_memstats(const struct lg_capture *c)
{
    return c->memstats != NULL;
}

static bool has_process(const struct lg_capture *c)
{
    return c->process != NULL;
}

static const struct lg_capture *last(const struct lg_incident *in,
                                     bool (*has)(const struct lg_capture *))
{
    for (size_t i = in->captures.count; i-- > 0;) {
        if (has(&in->captures.items[i]))
            return &in->captures.items[i];
    }
    return NULL;
}

const struct lg_capture *lg_incident_last_heap(const struct lg_incident *in)
{
    return last(in, has_heap);
}

const struct lg_capture *
lg_incident_last_goroutines(const struct lg_incident *in)
{
    return last(in, has_goroutines);
}

const struct lg_capture *lg_incident_last_memstats(const struct lg_incident *in)
{
    return last(in, has_memstats);
}

const struct lg_capture *lg_incident_last_process(const struct lg_incident *in)
{
    return last(in, has_process);
}
