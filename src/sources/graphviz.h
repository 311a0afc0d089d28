/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: pictures of graphs, by Graphviz's `dot` where it is installed. It is
 * a program that is run, as pprof runs it: `dot -T<format>`.
 */
#ifndef LG_SOURCES_GRAPHVIZ_H
#define LG_SOURCES_GRAPHVIZ_H

#include "base/error.h"
#include "base/str.h"

/* What `dot -T<format>` makes of the graph in its language: "svg", "png",
 * "pdf", "ps", "gif". What it complains of goes to our stderr.
 * ABSENT: there is no dot on the PATH. UNSUPPORTED: it failed, or does not know
 * the format. LIMIT: a picture above 1 GiB. */
bool lg_graphviz_draw(const char *format, struct lg_str graph,
                      struct lg_arena *arena, struct lg_str *picture_ret,
                      struct lg_error *err);

#endif
