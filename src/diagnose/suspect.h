/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concept: a suspect is a kind of goroutine that only became more: one site
 * (same start, same place), followed through the captures, with the line to
 * blame, the memory that comes with it, and whether any of it ever ended.
 * Kinds that one call starts together are one suspect. What to say of it is
 * the rules' business.
 */
#ifndef LG_DIAGNOSE_SUSPECT_H
#define LG_DIAGNOSE_SUSPECT_H

#include "diagnose/heap_view.h"

#define LG_MAX_SUSPECTS 8
/* A program at rest has tens of goroutines: what grew by less is no kind that
 * grew, and its objects cannot be told from others. */
#define LG_FEW_GOROUTINES 20
/* More than this share of them waits for another goroutine. */
#define LG_PARKED_RATIO 0.5

struct lg_suspect {
    struct lg_goroutine_site site; /* in the last capture */
    uint64_t first_count;
    const struct lg_shot *first, *last;
    const struct lg_shot *heap; /* the last with a heap profile; NULL: none */
    bool grows;                 /* never fell between captures */
    bool grows_on;              /* also in the last part of the time */
    size_t seen;                /* captures that counted it */
    struct lg_frame where;      /* resolved */
    bool where_by_caller;       /* through who called the creator */
    uint64_t stack_bytes, heap_bytes;
    uint64_t made_bytes; /* most that any profile has on the way to their
                            creation: no line of the user's in it */
    uint64_t count;      /* of all sites joined into this suspect */
    double parked_ratio;
    /* Of goroutines that were parked there in an earlier dump: some are gone;
     * more than half are; there were any, and not one is. */
    bool some_ended, most_ended, none_ended;
    /* Since when most of them were made, and how many there were then. */
    const struct lg_shot *made_since;
    uint64_t made_from_count;
    /* The first capture by which there were as many as in the end. */
    const struct lg_shot *complete;
};

/* Fills at most LG_MAX_SUSPECTS; sites that belong together are joined. Sets
 * c->failed when out of memory. */
size_t lg_suspects_find(struct lg_case *c, struct lg_suspect *suspects);
uint64_t lg_suspect_count_in(const struct lg_shot *shot,
                             const struct lg_goroutine_site *like);
/* The uncut text dump of a capture; NULL: none. */
const struct lg_goroutines *lg_shot_dump(const struct lg_shot *shot);

/* Stack and heap that come with these goroutines; sets s->heap, s->count. */
void lg_suspect_weigh(const struct lg_case *c, struct lg_suspect *s);
/* Stack and heap of those that a capture with goroutines has, by its own
 * profile; bytes. */
uint64_t lg_suspect_bytes_in(const struct lg_case *c,
                             const struct lg_suspect *s,
                             const struct lg_shot *shot);
/* Sets s->made_bytes. */
void lg_suspect_weigh_creation(const struct lg_case *c, struct lg_suspect *s);
/* Share of the memory, 0 … 1. */
double lg_suspect_share(const struct lg_suspect *s);
/* What these goroutines allocate themselves, and who makes them, is explained
 * by a finding on them. */
void lg_suspect_claim(struct lg_case *c, const struct lg_suspect *s);

/* true: `next` belongs to one of the suspects, and is in it now. */
bool lg_suspect_join(struct lg_suspect *suspects, size_t count,
                     const struct lg_suspect *next);
/* Once more, when all are known: one without a line may have come before its
 * companion. Gives how many are left. */
size_t lg_suspects_join_companions(struct lg_suspect *suspects, size_t count);

#endif
