/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_goroutines.h"

#include "diagnose/case.h"

/* Up to so many, each one's id is told; of more, groups are all that is kept.
 */
#define KEEP_FOR_GROUPS 16384

static bool from_image(struct lg_goroutines_view *v, struct lg_arena *arena,
                       struct lg_error *err)
{
    const struct lg_goroutines_request *r = v->request;
    struct lg_subject *subject = &v->one.incident.subject;
    struct lg_go_goroutines_options options = {
        .freeze = r->freeze,
        .max_frames = r->frames,
        .with_system = r->with_system,
        .with_waits = !r->full || r->json,
        .with_labels = r->full,
        .keep_max = r->full ? UINT64_MAX : KEEP_FOR_GROUPS,
    };
    subject->pid = v->source->pid;
    subject->exe = v->source->image->binary_path;
    subject->build = v->source->go->build;
    v->has_read = true;
    if (!lg_go_goroutines_read(v->source->go, &options, arena, &v->read, err))
        return false;
    bool all = r->full || v->read.items.count < KEEP_FOR_GROUPS;
    bool ok = all ? lg_go_goroutines_evidence(&v->read, arena, &v->goroutines)
                  : lg_go_goroutines_grouped(&v->read, arena, &v->goroutines);
    return ok || lg_fail_nomem(err);
}

static bool from_files(struct lg_goroutines_view *v, struct lg_arena *arena,
                       struct lg_error *err)
{
    v->one.incident = v->source->incident;
    v->one.capture = lg_incident_last_goroutines(&v->one.incident);
    if (v->one.capture == NULL)
        return lg_fail(err, LG_ABSENT, "%s: nothing there tells of goroutines",
                       v->source->path);
    if (v->one.capture->goroutines != NULL) {
        v->goroutines = *v->one.capture->goroutines;
        return true;
    }
    return lg_goroutines_from_profile(v->one.capture->goroutine_profile, arena,
                                      &v->goroutines) ||
           lg_fail_nomem(err);
}

bool lg_goroutines_view_read(struct lg_goroutines_view *v,
                             struct lg_arena *arena, struct lg_error *err)
{
    bool ok = lg_source_is_image(v->source) ? from_image(v, arena, err)
                                            : from_files(v, arena, err);
    if (!ok)
        return false;
    v->one.incident.arena = arena;
    return v->request->full ||
           lg_goroutines_group(&v->goroutines, arena, &v->groups) ||
           lg_fail_nomem(err);
}

uint32_t lg_goroutines_user_frame(const struct lg_goroutines_view *v,
                                  const struct lg_goroutine *item)
{
    struct lg_case c = {.in = &v->one.incident};
    const struct lg_frame *frames = lg_goroutine_frames(&v->goroutines, item);
    uint32_t i = 0;
    while (i < item->frame_count && !lg_case_is_user(&c, &frames[i]))
        i++;
    return i;
}
