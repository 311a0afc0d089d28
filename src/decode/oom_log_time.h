/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: the dates that logs put before a line, taken off its head. Each
 * function leaves *s as it was and gives false when its form is not there.
 */
#ifndef LG_DECODE_OOM_LOG_TIME_H
#define LG_DECODE_OOM_LOG_TIME_H

#include "decode/oom_log.h"

/* 2026-11-02T14:03:09[.,123456][Z|+01:00|+0100], also with one blank for the
 * T, or with a zone's name behind (" UTC", " CET": only UTC and GMT count). */
bool lg_oom_time_iso(struct lg_str *s, const struct lg_oom_options *o,
                     int64_t *wall_ns_ret);
/* RFC 3164: Nov  2 14:03:09[.123456], year from o. */
bool lg_oom_time_syslog(struct lg_str *s, const struct lg_oom_options *o,
                        int64_t *wall_ns_ret);
/* dmesg -T: Mon Nov  2 14:03:09 2026. */
bool lg_oom_time_ctime(struct lg_str *s, const struct lg_oom_options *o,
                       int64_t *wall_ns_ret);
/* Seconds since 1970, 10 digits and a fraction, before a blank. */
bool lg_oom_time_unix(struct lg_str *s, int64_t *wall_ns_ret);
/* A fraction's digits at the head of *s, to nanoseconds; 0 when none. */
uint64_t lg_oom_time_fraction_ns(struct lg_str *s);

#endif
