/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: what holds of every verdict whatever it is about. Tests of rules
 * judge through judge(), which checks it each time.
 *
 * Include after cmocka.h.
 */
#ifndef LG_TESTS_VERDICT_H
#define LG_TESTS_VERDICT_H

#include "case_builder.h"
#include "diagnose/diagnose.h"
#include "diagnose/rule.h"

static inline bool verdict_has_capture(const struct lg_incident *in,
                                       uint32_t id)
{
    lg_each(capture, in->captures) {
        if (capture->id == id)
            return true;
    }
    return false;
}

/* Nobody can look up a fact that has no file, or a capture that is not there.
 */
static inline void check_fact(const struct lg_incident *in,
                              const struct lg_evidence *e)
{
    assert_true(e->fact.len > 0);
    assert_true(e->source.len > 0);
    assert_true(e->value == e->value);
    assert_true(e->text.len > 0 || e->unit.len > 0 || e->value == 0);
    if (e->capture != 0)
        assert_true(verdict_has_capture(in, e->capture));
}

static inline void check_finding(const struct lg_incident *in,
                                 const struct lg_finding *f)
{
    assert_true(f->cause > LG_CAUSE_NONE && f->cause < LG_CAUSE_COUNT);
    assert_true(f->confidence > 0 && f->confidence <= 1);
    assert_true(f->share >= 0 && f->share <= 1);
    assert_true(f->rate_bytes_per_s == f->rate_bytes_per_s);
    assert_true(f->count_rate_per_s == f->count_rate_per_s);
    assert_true(f->title.len > 0 && f->summary.len > 0 && f->fix.len > 0);
    assert_true(f->proof.len > 0);
    assert_true(f->evidence.count > 0);
    assert_true(f->where.function.len == 0 || f->where_role.len > 0);
    lg_each(e, f->evidence) {
        check_fact(in, e);
    }
    lg_each(e, f->against) {
        check_fact(in, e);
    }
}

static inline void check_verdict(const struct lg_incident *in,
                                 const struct lg_verdict *v)
{
    lg_each(f, v->findings) {
        check_finding(in, f);
    }
    lg_each(n, v->not_judged) {
        assert_true(n->missing.len > 0 && n->reason.len > 0);
        lg_each(f, v->findings) {
            assert_true(f->cause != n->cause);
        }
    }
    assert_int_equal(v->inconclusive,
                     in->end.kind == LG_END_OOM_KILL && v->findings.count == 0);
}

static inline struct lg_verdict judge(struct case_builder *b)
{
    struct lg_verdict verdict = {0};
    struct lg_error err = {0};
    assert_true(lg_diagnose(&b->in, b->arena, &verdict, &err));
    check_verdict(&b->in, &verdict);
    return verdict;
}

static inline const struct lg_finding *verdict_find(const struct lg_verdict *v,
                                                    enum lg_cause cause)
{
    lg_each(f, v->findings) {
        if (f->cause == cause)
            return f;
    }
    return NULL;
}

static inline bool verdict_not_judged(const struct lg_verdict *v,
                                      enum lg_cause cause)
{
    lg_each(n, v->not_judged) {
        if (n->cause == cause)
            return true;
    }
    return false;
}

/* The first finding's cause and, unless NULL, the line it blames. */
static inline void assert_first(const struct lg_verdict *v, enum lg_cause cause,
                                const char *where)
{
    assert_true(v->findings.count > 0);
    const struct lg_finding *f = &v->findings.items[0];
    assert_string_equal(lg_cause_name(f->cause), lg_cause_name(cause));
    if (where == NULL)
        return;
    struct lg_frame frame = case_frame(lg_str_of(where));
    if (!lg_frame_same(&f->where, &frame))
        fail_msg("%.*s:%u instead of %s", LG_STR_ARG(f->where.function),
                 f->where.line, where);
}

static inline bool str_is(struct lg_str s, const char *text)
{
    return lg_str_eq(s, lg_str_of(text));
}

/* Each test has a case of its own, in an arena of its own. */
static inline int case_setup(void **state)
{
    struct case_builder *b = calloc(1, sizeof *b);
    struct lg_arena *arena = calloc(1, sizeof *arena);
    if (b == NULL || arena == NULL) {
        free(b);
        free(arena);
        return -1;
    }
    lg_arena_init(arena, 0);
    case_begin(b, arena, "shop", 256);
    *state = b;
    return 0;
}

static inline int case_teardown(void **state)
{
    struct case_builder *b = *state;
    struct lg_arena *arena = b->arena;
    lg_arena_deinit(arena);
    free(arena);
    free(b);
    return 0;
}

#define case_test(function)                                                    \
    cmocka_unit_test_setup_teardown(function, case_setup, case_teardown)

#endif
