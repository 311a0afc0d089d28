/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rng.h"
#include "verdict.h"

static struct lg_heap_sites *sites_of(struct case_builder *b, struct lg_case *c,
                                      const struct lg_profile *p)
{
    assert_true(lg_case_init(c, &b->in, b->arena));
    struct lg_heap_sites *sites = lg_heap_sites_of(c, p);
    assert_non_null(sites);
    return sites;
}

static const struct lg_heap_site *find(const struct lg_heap_sites *sites,
                                       const char *where)
{
    struct lg_frame frame = case_frame(lg_str_of(where));
    return lg_heap_site_find(sites, &frame);
}

/* A profile that belongs to no capture. */
static struct lg_profile *loose_heap(struct case_builder *b)
{
    struct lg_capture none = {0};
    return case_heap(b, &none);
}

static void test_attribution(void **state)
{
    struct case_builder *b = *state;
    struct lg_profile *p = loose_heap(b);
    struct lg_case c;
    case_dep(b, "gorm.io/gorm", "v1.31.0");
    case_alloc(b, p, 1000, 10, 5000,
               "reflect.unsafe_NewArray v.go:7 < gorm.io/gorm.Scan s.go:9 < "
               "shop/store.(*Repo).All repo.go:31 < shop/api.list api.go:12 < "
               "net/http.(*conn).serve server.go:2000");
    case_alloc(b, p, 300, 3, 300,
               "bufio.NewReaderSize bufio.go:58 < net/http.newBufioReader "
               "server.go:900 < net/http.(*conn).serve server.go:2000");
    const struct lg_heap_sites *sites = sites_of(b, &c, p);
    assert_int_equal(sites->total_bytes, 1300);
    assert_int_equal(sites->items.count, 2);
    const struct lg_heap_site *repo =
        find(sites, "shop/store.(*Repo).All repo.go:31");
    assert_non_null(repo);
    assert_ptr_equal(repo, &sites->items.items[0]);
    assert_true(repo->has_user);
    assert_true(str_is(repo->leaf.function, "gorm.io/gorm.Scan"));
    assert_int_equal(repo->inuse_bytes, 1000);
    assert_int_equal(repo->inuse_count, 10);
    assert_int_equal(repo->alloc_bytes, 5000);
    const struct lg_heap_site *http =
        find(sites, "bufio.NewReaderSize bufio.go:58");
    assert_non_null(http);
    assert_false(http->has_user);
}

/* One line, two ways to allocate: one site, and the leaf that holds more. */
static void test_merging_and_leaf(void **state)
{
    struct case_builder *b = *state;
    struct lg_profile *p = loose_heap(b);
    struct lg_case c;
    case_alloc(b, p, 100, 1, 100,
               "bufio.NewReaderSize b.go:58 < shop.Open open.go:9 < "
               "main.main main.go:1");
    case_alloc(b, p, 700, 7, 700,
               "os.newFile file.go:3 < shop.Open open.go:9 < "
               "main.other main.go:5");
    case_alloc(b, p, 50, 1, 50,
               "os.newFile file.go:3 < shop.Open open.go:10 < "
               "main.main main.go:1");
    const struct lg_heap_sites *sites = sites_of(b, &c, p);
    assert_int_equal(sites->items.count, 2);
    const struct lg_heap_site *nine = find(sites, "shop.Open open.go:9");
    assert_non_null(nine);
    assert_int_equal(nine->inuse_bytes, 800);
    assert_int_equal(nine->inuse_count, 8);
    assert_true(str_is(nine->leaf.function, "os.newFile"));
    assert_int_equal(find(sites, "shop.Open open.go:10")->inuse_bytes, 50);
    assert_null(find(sites, "shop.Open open.go:11"));
}

static void test_stacks_without_a_name(void **state)
{
    struct case_builder *b = *state;
    struct lg_profile *p = loose_heap(b);
    struct lg_case c;
    case_alloc(b, p, 100, 1, 100, "runtime.malg proc.go:5000");
    case_alloc(b, p, 30, 1, 30, "");
    const struct lg_heap_sites *sites = sites_of(b, &c, p);
    assert_int_equal(sites->total_bytes, 130);
    lg_each(site, sites->items) {
        assert_false(site->has_user);
    }
}

static void test_not_a_heap_profile(void **state)
{
    static const char *const types[] = {"samples", "cpu"};
    struct case_builder *b = *state;
    struct lg_case c;
    assert_true(lg_case_init(&c, &b->in, b->arena));
    assert_null(lg_heap_sites_of(&c, case_profile(b, types, 2)));
    assert_false(c.failed);
}

static void test_bytes_through(void **state)
{
    struct case_builder *b = *state;
    struct lg_profile *p = loose_heap(b);
    /* Recursion counts once. */
    case_alloc(b, p, 100, 1, 100, "shop.a a.go:1 < shop.a a.go:2");
    case_alloc(b, p, 20, 1, 20, "shop.b b.go:1 < shop.a a.go:2");
    case_alloc(b, p, 3, 1, 3, "shop.b b.go:1");
    assert_int_equal(lg_heap_bytes_through(p, LG_STR("shop.a")), 120);
    assert_int_equal(lg_heap_bytes_through(p, LG_STR("shop.b")), 23);
    assert_int_equal(lg_heap_bytes_through(p, LG_STR("shop.c")), 0);
}

static void test_user_caller(void **state)
{
    struct case_builder *b = *state;
    struct lg_case c;
    struct lg_frame found;
    struct lg_profile *p = case_heap(b, case_capture(b, 100));
    case_dep(b, "github.com/z/go-zero", "v1.10.3");
    case_alloc(b, p, 0, 0, 100,
               "github.com/z/go-zero/c.NewCache c.go:7 < shop.a a.go:1");
    case_alloc(b, p, 0, 0, 900,
               "github.com/z/go-zero/c.NewTimer t.go:7 < "
               "github.com/z/go-zero/c.NewCache c.go:9 < shop.b b.go:2");
    assert_true(lg_case_init(&c, &b->in, b->arena));
    assert_true(lg_case_user_caller(
        &c, LG_STR("github.com/z/go-zero/c.NewCache"), &found));
    assert_true(str_is(found.function, "shop.b"));
    assert_int_equal(found.line, 2);
    assert_false(lg_case_user_caller(&c, LG_STR("shop.nobody"), &found));
    assert_false(lg_case_user_caller(&c, LG_STR(""), &found));
}

/* Whatever the order of samples: the same sites, and nothing is lost. */
static void test_order_does_not_matter(void **state)
{
    static const char *const stacks[] = {
        "bufio.NewReader b.go:1 < shop.a a.go:1",
        "bufio.NewReader b.go:1 < shop.a a.go:2",
        "bufio.NewReader b.go:1 < shop.b b.go:1 < shop.a a.go:1",
        "os.newFile f.go:1 < shop.a a.go:1",
        "runtime.malg proc.go:1",
        "net/http.serve s.go:1",
    };
    struct case_builder *b = *state;
    struct lg_rng rng = {20261121};
    for (int round = 0; round < 50; round++) {
        struct lg_profile *p = loose_heap(b), *q = loose_heap(b);
        size_t order[64];
        int64_t total = 0;
        for (size_t i = 0; i < 64; i++)
            order[i] = i;
        for (size_t i = 64; i-- > 1;) {
            size_t k = lg_rng_below(&rng, i + 1), kept = order[i];
            order[i] = order[k];
            order[k] = kept;
        }
        for (size_t i = 0; i < 64; i++) {
            case_alloc(b, p, (int64_t)(i + 1), 1, 1, stacks[i % 6]);
            case_alloc(b, q, (int64_t)(order[i] + 1), 1, 1,
                       stacks[order[i] % 6]);
            total += (int64_t)i + 1;
        }
        struct lg_case c;
        const struct lg_heap_sites *x = sites_of(b, &c, p);
        const struct lg_heap_sites *y = sites_of(b, &c, q);
        assert_int_equal(x->items.count, y->items.count);
        assert_int_equal(x->total_bytes, total);
        assert_int_equal(y->total_bytes, total);
        int64_t sum = 0;
        for (size_t i = 0; i < x->items.count; i++) {
            const struct lg_heap_site *s = &x->items.items[i];
            const struct lg_heap_site *t = lg_heap_site_find(y, &s->where);
            assert_non_null(t);
            assert_int_equal(s->inuse_bytes, t->inuse_bytes);
            assert_int_equal(s->has_user, t->has_user);
            assert_true(lg_frame_same(&s->leaf, &t->leaf));
            assert_true(i == 0 || s[-1].inuse_bytes >= s->inuse_bytes);
            sum += s->inuse_bytes;
        }
        assert_int_equal(sum, total);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_test(test_attribution),
        case_test(test_merging_and_leaf),
        case_test(test_stacks_without_a_name),
        case_test(test_not_a_heap_profile),
        case_test(test_bytes_through),
        case_test(test_user_caller),
        case_test(test_order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
