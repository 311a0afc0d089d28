/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_parts.h"

#include <math.h>

/* Doubles are exact for integers below 2^53; those are written as integers, so
 * that bytes stay bytes. */
static void number_json(struct lg_json *j, double value)
{
    const double exact = 9007199254740992.0;
    if (value >= -exact && value <= exact && value == floor(value))
        lg_json_i64(j, (int64_t)value);
    else
        lg_json_f64(j, value);
}

static void knumber_or_null(struct lg_json *j, const char *key, double value)
{
    lg_json_key(j, key);
    if (value != 0)
        number_json(j, value);
    else
        lg_json_null(j);
}

static void frame_json(struct lg_json *j, const char *key,
                       const struct lg_frame *frame)
{
    lg_json_key(j, key);
    if (frame->function.len == 0) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_json_kstr(j, "function", frame->function);
    lg_report_kstr_or_null(j, "file", frame->file);
    if (frame->line != 0)
        lg_json_ku64(j, "line", frame->line);
    else
        lg_json_knull(j, "line");
    lg_json_object_end(j);
}

static void fact_json(const struct lg_evidence *e, struct lg_json *j)
{
    lg_json_object(j);
    lg_json_kstr(j, "fact", e->fact);
    lg_json_key(j, "value");
    if (e->text.len != 0)
        lg_json_str(j, e->text);
    else
        number_json(j, e->value);
    lg_report_kstr_or_null(j, "unit", e->unit);
    lg_report_kstr_or_null(j, "source", e->source);
    if (e->capture != 0)
        lg_json_ku64(j, "capture", e->capture);
    else
        lg_json_knull(j, "capture");
    lg_json_object_end(j);
}

static void wait_json(const struct lg_finding *f, struct lg_json *j)
{
    lg_json_key(j, "wait");
    if (f->wait_reason.len == 0 && !f->wait_count.known) {
        lg_json_null(j);
        return;
    }
    lg_json_object(j);
    lg_report_kstr_or_null(j, "reason", f->wait_reason);
    lg_report_knum(j, "count", f->wait_count);
    lg_report_knum(j, "longest_ns", f->wait_longest_ns);
    lg_json_object_end(j);
}

static void facts_json(const struct lg_finding *f, struct lg_json *j)
{
    lg_json_key(j, "evidence");
    lg_json_array(j);
    lg_each(e, f->evidence)
        fact_json(e, j);
    lg_json_array_end(j);
    lg_json_key(j, "against");
    lg_json_array(j);
    lg_each(e, f->against)
        fact_json(e, j);
    lg_json_array_end(j);
}

void lg_report_finding_json(const struct lg_finding *f, struct lg_json *j)
{
    lg_json_object(j);
    lg_json_kcstr(j, "cause", lg_cause_name(f->cause));
    lg_report_kstr_or_null(j, "title", f->title);
    lg_json_kf64(j, "confidence", f->confidence);
    lg_report_kstr_or_null(j, "proof", f->proof);
    frame_json(j, "where", &f->where);
    frame_json(j, "leaf", &f->leaf);
    frame_json(j, "created_by", &f->created_by);
    wait_json(f, j);
    lg_report_knum(j, "bytes", f->bytes);
    knumber_or_null(j, "share", f->share);
    knumber_or_null(j, "rate_bytes_per_s", f->rate_bytes_per_s);
    lg_report_knum(j, "count", f->count);
    knumber_or_null(j, "count_rate_per_s", f->count_rate_per_s);
    facts_json(f, j);
    lg_report_kstr_or_null(j, "fix", f->fix);
    lg_json_object_end(j);
}
