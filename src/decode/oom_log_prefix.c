/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/oom_log_prefix.h"

#include "base/clock.h"
#include "decode/oom_log_json.h"
#include "decode/oom_log_time.h"

#include <string.h>

/* No log stacks more than this before a line: relay, collector, syslog, … */
enum { LAYERS_MAX = 8 };

static inline bool starts_with_char(struct lg_str s, char c)
{
    return s.len != 0 && s.data[0] == c;
}

static struct lg_str skip_blanks(struct lg_str s)
{
    while (starts_with_char(s, ' '))
        s = lg_str_skip(s, 1);
    return s;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

struct lg_str lg_oom_unescape(struct lg_str s, bool all, char *dest)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        dest[n] = s.data[i];
        if (s.data[i] == '\\' && s.len - i >= 4 && s.data[i + 1] == 'x') {
            int high = hex_digit(s.data[i + 2]);
            int low = hex_digit(s.data[i + 3]);
            int c = high * 16 + low;
            if (high >= 0 && low >= 0 && (all || c < 0x20 || c == 0x7f)) {
                dest[n] = (char)c;
                i += 3;
            }
        }
        n++;
    }
    return lg_str_from(dest, n);
}

/* "6,1234,579597991,-[,caller=T45];". The prefix of a record's first line. */
static bool kmsg_header(struct lg_str *s, struct lg_oom_prefix *p)
{
    struct lg_str at = *s, flags;
    uint64_t priority, sequence, uptime_us;
    if (!lg_str_take_u64(&at, &priority) || !starts_with_char(at, ','))
        return false;
    at = lg_str_skip(at, 1);
    if (!lg_str_take_u64(&at, &sequence) || !starts_with_char(at, ','))
        return false;
    at = lg_str_skip(at, 1);
    if (!lg_str_take_u64(&at, &uptime_us) || !starts_with_char(at, ','))
        return false;
    struct lg_cut cut = lg_str_cut_char(at, ';');
    if (!cut.found || uptime_us > UINT64_MAX / 1000)
        return false;
    p->has_uptime = true;
    p->uptime_ns = uptime_us * 1000;
    flags = cut.head;
    ptrdiff_t caller = lg_str_find(flags, LG_STR("caller="));
    if (caller >= 0)
        p->caller = lg_str_hash(lg_str_skip(flags, (size_t)caller + 7));
    *s = cut.tail;
    return true;
}

/* "][   T45]": only where it touches the time, else it could be a name. */
static void caller_id(struct lg_str *s, struct lg_oom_prefix *p)
{
    if (!starts_with_char(*s, '['))
        return;
    struct lg_str at = skip_blanks(lg_str_skip(*s, 1));
    struct lg_str id = at;
    uint64_t number;
    if (!starts_with_char(at, 'T') && !starts_with_char(at, 'C'))
        return;
    at = lg_str_skip(at, 1);
    if (!lg_str_take_u64(&at, &number) || !starts_with_char(at, ']'))
        return;
    p->caller = lg_str_hash(lg_str_first(id, id.len - at.len));
    *s = lg_str_skip(at, 1);
}

/* Six digits and the bracket, as printk writes them. */
static bool micros(struct lg_str *s, uint64_t *ns_ret)
{
    if (s->len < 7 || s->data[6] != ']')
        return false;
    unsigned value = 0, odd = 0;
    for (int i = 0; i < 6; i++) {
        unsigned digit = (unsigned char)s->data[i] - (unsigned)'0';
        odd |= digit > 9;
        value = value * 10 + digit;
    }
    if (odd != 0)
        return false;
    *ns_ret = (uint64_t)value * 1000;
    *s = lg_str_skip(*s, 6);
    return true;
}

/* "  579.597991]" and dmesg -d's "  579.597991 <    0.000012>]". By hand: it
 * stands before every line. */
static bool uptime(struct lg_str *s, struct lg_oom_prefix *p)
{
    const char *at = s->data, *end = s->data + s->len;
    uint64_t seconds = 0, ns = 0;
    while (at < end && *at == ' ')
        at++;
    const char *digits = at;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        seconds = seconds * 10 + (uint64_t)(*at - '0');
    if (at == digits || at - digits > 10 || at >= end || *at++ != '.')
        return false;
    struct lg_str rest = {at, (size_t)(end - at)};
    if (!micros(&rest, &ns)) {
        size_t before = rest.len;
        ns = lg_oom_time_fraction_ns(&rest);
        if (rest.len == before)
            return false;
    }
    struct lg_cut delta;
    if (lg_str_after(rest, LG_STR(" <"), &rest) &&
        (delta = lg_str_cut_char(rest, '>')).found)
        rest = delta.tail;
    if (!starts_with_char(rest, ']'))
        return false;
    p->has_uptime = true;
    p->uptime_ns = seconds * LG_NS_PER_S + ns;
    *s = lg_str_from(rest.data + 1, rest.len - 1);
    return true;
}

/* dmesg -e's "  +0.000012]". */
static bool delta_only(struct lg_str *s)
{
    struct lg_str at = skip_blanks(*s);
    struct lg_oom_prefix unused = {0};
    if (!starts_with_char(at, '+'))
        return false;
    at = lg_str_skip(at, 1);
    if (!uptime(&at, &unused))
        return false;
    *s = at;
    return true;
}

bool lg_oom_prefix_bracket(struct lg_str *s, const struct lg_oom_options *o,
                           struct lg_oom_prefix *p)
{
    if (!starts_with_char(*s, '['))
        return false;
    struct lg_str at = lg_str_skip(*s, 1);
    if (!uptime(&at, p) && !delta_only(&at)) {
        if (!lg_oom_time_ctime(&at, o, &p->wall_ns) &&
            !lg_oom_time_iso(&at, o, &p->wall_ns))
            return false;
        if (!starts_with_char(at, ']'))
            return false;
        at = lg_str_skip(at, 1);
    }
    caller_id(&at, p);
    if (starts_with_char(at, ' '))
        at = lg_str_skip(at, 1);
    *s = at;
    p->anchored = true;
    return true;
}

/* "<6>", and the version that RFC 5424 puts behind it. */
static bool priority(struct lg_str *s)
{
    if (!starts_with_char(*s, '<'))
        return false;
    struct lg_str at = lg_str_skip(*s, 1);
    size_t before = at.len;
    uint64_t number;
    if (!lg_str_take_u64(&at, &number) || before - at.len > 3 ||
        !starts_with_char(at, '>'))
        return false;
    at = lg_str_skip(at, 1);
    if (at.len > 2 && at.data[0] == '1' && at.data[1] == ' ' &&
        at.data[2] >= '0' && at.data[2] <= '9')
        at = lg_str_skip(at, 2);
    *s = at;
    return true;
}

/* dmesg -x: "kern  :warn  : ". */
static bool decoded_level(struct lg_str *s)
{
    if (!lg_str_starts(*s, LG_STR("kern")))
        return false;
    struct lg_str head = lg_str_first(*s, 20);
    struct lg_cut facility = lg_str_cut_char(head, ':');
    struct lg_cut level = lg_str_cut_char(facility.tail, ':');
    if (!level.found || !lg_str_eq(lg_str_trim(facility.head), LG_STR("kern")))
        return false;
    size_t used = facility.head.len + level.head.len + 2;
    *s = skip_blanks(lg_str_skip(*s, used));
    return true;
}

static bool word_prefix(struct lg_str *s)
{
    return lg_str_after(*s, LG_STR("MESSAGE="), s) ||
           lg_str_after(*s, LG_STR("stdout F "), s) ||
           lg_str_after(*s, LG_STR("stderr F "), s);
}

static bool any_time(struct lg_str *s, const struct lg_oom_options *o,
                     int64_t *wall_ns)
{
    if (!lg_oom_time_iso(s, o, wall_ns) && !lg_oom_time_syslog(s, o, wall_ns) &&
        !lg_oom_time_ctime(s, o, wall_ns) && !lg_oom_time_unix(s, wall_ns))
        return false;
    *s = skip_blanks(*s);
    return true;
}

/* One blank, or none: a name may start with blanks of its own. */
static struct lg_str skip_one(struct lg_str s)
{
    return lg_str_skip(s, starts_with_char(s, ' ') ? 1 : 0);
}

/* RFC 5424 behind "host kernel": process id, message id, structured data. */
static bool structured(struct lg_str *s)
{
    struct lg_str at = *s, word;
    if (!lg_str_word(&at, &word) || !lg_str_word(&at, &word))
        return false;
    at = skip_one(at);
    if (starts_with_char(at, '[')) {
        struct lg_cut data = lg_str_cut(at, LG_STR("] "));
        if (!data.found)
            return false;
        at = data.tail;
    } else if (!lg_str_after(at, LG_STR("- "), &at)) {
        return false;
    }
    (void)lg_str_after(at, LG_STR("\xef\xbb\xbf"), &at);
    *s = at;
    return true;
}

/* "host kernel: ", "kernel: " or RFC 5424's "host kernel - - - ". */
static bool host_and_kernel(struct lg_str *s, struct lg_oom_prefix *p)
{
    struct lg_str at = *s;
    if (lg_str_after(at, LG_STR("kernel: "), s))
        return true;
    ptrdiff_t blank = lg_str_find_char(lg_str_first(at, 256), ' ');
    size_t host = blank > 0 ? (size_t)blank : 0;
    if (!lg_str_after(lg_str_skip(at, host), LG_STR(" kernel"), &at))
        return false;
    if (!lg_str_after(at, LG_STR(": "), &at) &&
        !lg_str_after(at, LG_STR("[0]: "), &at) &&
        (!starts_with_char(at, ' ') || !structured(&at)))
        return false;
    p->stream = lg_str_hash(lg_str_first(*s, host));
    *s = at;
    return true;
}

/* What of a relay's words names it: all but those that look like numbers and
 * times, which differ from line to line. */
static uint64_t relay_hash(struct lg_str before)
{
    uint64_t hash = 0;
    struct lg_str word;
    while (lg_str_word(&before, &word)) {
        size_t i = 0;
        while (i < word.len &&
               memchr("0123456789:.,-+TZ[]/<>", word.data[i], 22) != NULL)
            i++;
        if (i < word.len)
            hash = hash * 31 + lg_str_hash(word);
    }
    return hash;
}

/* Any text, then "<6>[uptime] " or, lacking that, "[uptime] ". */
static bool relayed(struct lg_str *s, const struct lg_oom_options *o,
                    struct lg_oom_prefix *p)
{
    for (int pass = 0; pass < 2; pass++) {
        char wanted = pass == 0 ? '<' : '[';
        for (size_t i = 0; i < s->len; i++) {
            const char *hit = memchr(s->data + i, wanted, s->len - i);
            if (hit == NULL)
                break;
            i = (size_t)(hit - s->data);
            struct lg_str at = lg_str_skip(*s, i);
            if (pass == 0 && !priority(&at))
                continue;
            struct lg_oom_prefix inner = *p;
            if (!lg_oom_prefix_bracket(&at, o, &inner) || !inner.has_uptime)
                continue;
            *p = inner;
            uint64_t name = relay_hash(lg_str_first(*s, i));
            if (name != 0)
                p->stream = p->stream * 31 + name;
            *s = at;
            return true;
        }
    }
    return false;
}

static void text_prefix(struct lg_str s, const struct lg_oom_options *o,
                        char *scratch, struct lg_oom_prefix *p)
{
    bool timed = false;
    p->is_plain = true;
    if (kmsg_header(&s, p)) {
        p->is_plain = false;
        p->anchored = true;
        p->text = s;
        if (s.len != 0 && memchr(s.data, '\\', s.len) != NULL)
            p->text = lg_oom_unescape(s, true, scratch);
        return;
    }
    for (int layer = 0; layer < LAYERS_MAX && !p->anchored; layer++) {
        if (lg_oom_prefix_bracket(&s, o, p)) {
            (void)host_and_kernel(&s, p);
        } else if (any_time(&s, o, &p->wall_ns)) {
            timed = true;
        } else if (timed && host_and_kernel(&s, p)) {
            p->anchored = true;
            struct lg_str at = s;
            (void)priority(&at);
            if (lg_oom_prefix_bracket(&at, o, p))
                s = at;
        } else if (!priority(&s) && !decoded_level(&s) && !word_prefix(&s)) {
            break;
        }
    }
    if (!p->anchored)
        (void)relayed(&s, o, p);
    p->text = s;
}

void lg_oom_prefix_take(struct lg_str line, const struct lg_oom_options *o,
                        char *scratch, struct lg_oom_prefix *ret)
{
    struct lg_oom_json_line json;
    *ret = (struct lg_oom_prefix){.text = line};
    if (starts_with_char(line, '{') &&
        lg_oom_json_line_parse(line, o, scratch, &json)) {
        ret->stream = json.stream;
        ret->wall_ns = json.wall_ns;
        ret->has_uptime = json.has_uptime;
        ret->uptime_ns = json.uptime_ns;
        text_prefix(json.message, o, scratch, ret);
        ret->is_plain = false;
        return;
    }
    text_prefix(line, o, scratch, ret);
}
