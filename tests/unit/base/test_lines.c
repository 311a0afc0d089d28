/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lines.h"

#include "rng.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The oracle: where the next line of text[at, len) ends. Gives the position
 * behind the newline, and the line's length without its ending. */
static size_t slow_line(const char *text, size_t len, size_t at,
                        size_t *line_len_ret)
{
    size_t end = at;
    while (end < len && text[end] != '\n')
        end++;
    *line_len_ret = end - at;
    if (end == len)
        return end;
    if (end > at && text[end - 1] == '\r')
        --*line_len_ret;
    return end + 1;
}

static char *random_text(struct lg_rng *rng, size_t len)
{
    char *text = malloc(len != 0 ? len : 1);
    lg_rng_text(rng, "aaab\r\n\n\0", 8, text, len);
    return text;
}

static void lines_of_memory(void **state)
{
    struct lg_rng rng = {17};
    for (int i = 0; i < 20000; i++) {
        size_t len = lg_rng_below(&rng, 30), at = 0, line_len;
        char *text = random_text(&rng, len);
        struct lg_str rest = lg_str_from(text, len), line;
        while (lg_lines_next(&rest, &line)) {
            assert_true(at < len);
            size_t next = slow_line(text, len, at, &line_len);
            assert_ptr_equal(line.data, text + at);
            assert_int_equal(line.len, line_len);
            at = next;
        }
        assert_int_equal(at, len);
        free(text);
    }
    struct lg_str none = {NULL, 0}, line = LG_STR("?");
    assert_false(lg_lines_next(&none, &line));
    assert_string_equal(line.data, "?");
}

struct stream {
    char *text;
    size_t len, sent, at; /* at: what the oracle has read */
    int read_fd, write_fd;
    struct lg_line_reader reader;
    size_t capacity;
};

/* A line that does not fit with its newline is cut to the capacity. At the
 * very end a full buffer cannot know that nothing follows. */
static void assert_line(struct stream *s, struct lg_str line)
{
    size_t line_len, next = slow_line(s->text, s->len, s->at, &line_len);
    bool cut = next - s->at > s->capacity ||
               (next - s->at == s->capacity && s->text[next - 1] != '\n');
    if (cut)
        line_len = s->capacity;
    assert_int_equal(line.len, line_len);
    assert_memory_equal(line.data, s->text + s->at, line_len);
    assert_int_equal(s->reader.cut, cut);
    if (!cut)
        assert_int_equal(s->reader.offset, next);
    s->at = next;
}

static void send_some(struct stream *s, struct lg_rng *rng)
{
    size_t left = s->len - s->sent, n = lg_rng_below(rng, 9);
    n = n < left ? n : left;
    assert_int_equal(write(s->write_fd, s->text + s->sent, n), n);
    s->sent += n;
    if (s->sent == s->len) {
        close(s->write_fd);
        s->write_fd = -1;
    }
}

static void play_stream(struct stream *s, struct lg_rng *rng)
{
    struct lg_str line;
    for (;;) {
        /* Left over from the round before: must not survive the end. */
        struct lg_error err = {.kind = LG_LIMIT};
        if (lg_line_reader_next(&s->reader, &line, &err)) {
            assert_true(s->at < s->len);
            assert_line(s, line);
        } else if (err.kind == LG_OS) {
            assert_int_equal(err.sys_errno, EAGAIN);
            assert_int_not_equal(s->write_fd, -1);
            send_some(s, rng);
        } else {
            assert_int_equal(err.kind, LG_OK);
            break;
        }
    }
    assert_int_equal(s->at, s->len);
    assert_int_equal(s->reader.offset, s->len);
    assert_false(lg_line_reader_next(&s->reader, &line, NULL));
}

static void lines_of_a_pipe_that_trickles(void **state)
{
    struct lg_rng rng = {18};
    for (int i = 0; i < 3000; i++) {
        int fds[2];
        assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
        struct stream s = {.len = lg_rng_below(&rng, 80),
                           .read_fd = fds[0],
                           .write_fd = fds[1],
                           .capacity = 1 + lg_rng_below(&rng, 12)};
        s.text = random_text(&rng, s.len);
        char *buffer = malloc(s.capacity);
        lg_line_reader_init(&s.reader, s.read_fd, buffer, s.capacity);
        play_stream(&s, &rng);
        assert_int_equal(s.write_fd, -1);
        close(s.read_fd);
        free(buffer);
        free(s.text);
    }
}

static void a_broken_descriptor_is_an_error(void **state)
{
    char buffer[16];
    struct lg_line_reader r;
    struct lg_str line;
    struct lg_error err = {0};
    lg_line_reader_init(&r, -1, buffer, sizeof buffer);
    assert_false(lg_line_reader_next(&r, &line, &err));
    assert_int_equal(err.sys_errno, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_memory),
        cmocka_unit_test(lines_of_a_pipe_that_trickles),
        cmocka_unit_test(a_broken_descriptor_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
