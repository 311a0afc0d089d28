/* SPDX-License-Identifier: Apache-2.0 */
#include "target/go_wait_words.h"

#include "base/sb.h"

static const char *const kinds[] = {
    [LG_ON_NONE] = "",
    [LG_ON_CHAN] = "chan",
    [LG_ON_SELECT] = "chan",
    [LG_ON_NIL_CHAN] = "nil chan",
    [LG_ON_MUTEX] = "mutex",
    [LG_ON_RWMUTEX_READ] = "rwmutex",
    [LG_ON_RWMUTEX_WRITE] = "rwmutex",
    [LG_ON_WAIT_GROUP] = "wait group",
    [LG_ON_SEMAPHORE] = "semaphore",
    [LG_ON_COND] = "cond",
    [LG_ON_TIMER] = "timer",
    [LG_ON_IO] = "descriptor",
};

static void chan_words(const struct lg_go_wait *w, struct lg_sb *sb)
{
    lg_sb_fmt(sb, "cap %llu, len %llu, %s", (unsigned long long)w->capacity,
              (unsigned long long)w->length, w->closed ? "closed" : "open");
    if (w->cases > 1)
        lg_sb_fmt(sb, "; the first of %llu", (unsigned long long)w->cases);
}

static void state_words(const struct lg_go_goroutines *from,
                        const struct lg_go_wait *w, struct lg_sb *sb)
{
    switch (w->kind) {
    case LG_ON_CHAN:
    case LG_ON_SELECT:
        chan_words(w, sb);
        break;
    case LG_ON_MUTEX:
        lg_sb_fmt(sb, "%s, %llu waiting", w->value != 0 ? "locked" : "unlocked",
                  (unsigned long long)w->waiters);
        break;
    case LG_ON_WAIT_GROUP:
        lg_sb_fmt(sb, "count %lld", (long long)w->value);
        break;
    case LG_ON_IO:
        lg_sb_fmt(sb, "fd %lld", (long long)w->value);
        break;
    case LG_ON_TIMER:
        lg_sb_cstr(sb, "due in ");
        lg_sb_duration(
            sb, w->until_ns > from->now_ns ? w->until_ns - from->now_ns : 0);
        break;
    default:
        break;
    }
}

bool lg_go_wait_words(const struct lg_go_goroutines *from, uint32_t wait,
                      struct lg_arena *arena, struct lg_goroutine *item)
{
    struct lg_sb sb;
    if (wait == 0)
        return true;
    const struct lg_go_wait *w = &from->waits.items[wait - 1];
    item->waits_on = lg_str_of(kinds[w->kind]);
    item->waits_on_address = w->address;
    if (!w->is_known)
        return true;
    lg_sb_init(&sb, arena);
    state_words(from, w, &sb);
    item->waits_on_state = lg_sb_view(&sb);
    return !sb.failed;
}

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '_';
}

/* Quoted when a character needs it. Go 1.27: printquoted. */
static void add_quoted(struct lg_sb *sb, struct lg_str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.len; i++)
        plain = plain && is_plain((unsigned char)s.data[i]);
    if (plain) {
        lg_sb_str(sb, s);
        return;
    }
    lg_sb_char(sb, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c == '\n')
            lg_sb_cstr(sb, "\\n");
        else if (c == '\r')
            lg_sb_cstr(sb, "\\r");
        else if (c == '\t')
            lg_sb_cstr(sb, "\\t");
        else if (c == '"' || c == '\\')
            lg_sb_fmt(sb, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            lg_sb_fmt(sb, "\\x%02x", c);
        else
            lg_sb_char(sb, (char)c);
    }
    lg_sb_char(sb, '"');
}

bool lg_go_labels_text(const struct lg_go_goroutines *from, uint32_t set,
                       struct lg_arena *arena, struct lg_str *ret)
{
    struct lg_sb sb;
    const struct lg_go_label_set *s = &from->label_sets.items[set - 1];
    lg_sb_init(&sb, arena);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct lg_go_label *label = &from->labels.items[s->first + i];
        lg_sb_cstr(&sb, i != 0 ? ", " : "");
        add_quoted(&sb, label->key);
        lg_sb_cstr(&sb, ": ");
        add_quoted(&sb, label->value);
    }
    *ret = lg_sb_view(&sb);
    return !sb.failed;
}
