/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"
#include "evidence/frame.h"

struct name {
    const char *function, *package, *brief;
    bool runtime, std;
};

/* As seen in real profiles and dumps of Go 1.18 … 1.27. */
static const struct name names[] = {
    {"main.main", "main", "main.main", false, false},
    {"main.main.func2.1", "main", "main.main.func2.1", false, false},
    {"main.(*T).M-fm", "main", "main.(*T).M-fm", false, false},
    {"main.(*T[...]).M[...]", "main", "main.(*T[...]).M[...]", false, false},
    {"main.Map[github.com/a/b.T]", "main", "main.Map[github.com/a/b.T]", false,
     false},
    {"github.com/a/b.(*Server[go.shape.string]).run", "github.com/a/b",
     "b.(*Server[go.shape.string]).run", false, false},
    {"github.com/zeromicro/go-zero/core/collection.(*TimingWheel).run",
     "github.com/zeromicro/go-zero/core/collection",
     "collection.(*TimingWheel).run", false, false},
    {"gopkg.in/yaml%2ev3.(*Decoder).Decode", "gopkg.in/yaml%2ev3",
     "yaml%2ev3.(*Decoder).Decode", false, false},
    {"github.com/a/b%2ec.F", "github.com/a/b%2ec", "b%2ec.F", false, false},
    {"example%2ecom.F", "example%2ecom", "example%2ecom.F", false, false},
    {"go.uber.org/zap.(*Logger).Info", "go.uber.org/zap", "zap.(*Logger).Info",
     false, false},
    {"github.com/a/b.init.0", "github.com/a/b", "b.init.0", false, false},
    {"github.com/a/b.glob..func1", "github.com/a/b", "b.glob..func1", false,
     false},
    {"vendor/golang.org/x/net/http2/hpack.(*Decoder).Write",
     "vendor/golang.org/x/net/http2/hpack", "hpack.(*Decoder).Write", false,
     true},
    {"golang.org/x/net/http2.(*Framer).ReadFrame", "golang.org/x/net/http2",
     "http2.(*Framer).ReadFrame", false, false},
    {"cmd/go/internal/load.Load", "cmd/go/internal/load", "load.Load", false,
     true},
    {"net/http.(*conn).serve", "net/http", "http.(*conn).serve", false, true},
    {"sync.runtime_Semacquire", "sync", "sync.runtime_Semacquire", false, true},
    {"internal/poll.runtime_pollWait", "internal/poll", "poll.runtime_pollWait",
     false, true},
    {"runtime.gopark", "runtime", "runtime.gopark", true, true},
    {"runtime/pprof.(*Profile).WriteTo", "runtime/pprof",
     "pprof.(*Profile).WriteTo", true, true},
    {"internal/runtime/syscall/linux.Syscall6",
     "internal/runtime/syscall/linux", "linux.Syscall6", true, true},
    {"runtimex.F", "runtimex", "runtimex.F", false, true},
    {"_rt0_amd64_linux", "", "_rt0_amd64_linux", true, true},
    {"memeqbody", "", "memeqbody", true, true},
    {"panic", "", "panic", true, true},
    {"type:.eq.github.com/a/b.T", "", "type:.eq.github.com/a/b.T", true, true},
    {"type..hash.main.T", "", "type..hash.main.T", true, true},
    {"go:struct { sync.Mutex }.Lock", "", "go:struct { sync.Mutex }.Lock", true,
     true},
    {"go.(*struct { sync.Mutex; a.b/c.T }).Lock", "go",
     "go.(*struct { sync.Mutex; a.b/c.T }).Lock", false, true},
    {"", "", "", true, true},
};

static void test_names(void **state)
{
    for (size_t i = 0; i < LG_COUNT(names); i++) {
        const struct name *n = &names[i];
        struct lg_str f = lg_str_of(n->function);
        if (!lg_str_eq(lg_frame_package(f), lg_str_of(n->package)) ||
            !lg_str_eq(lg_frame_short(f), lg_str_of(n->brief)) ||
            lg_frame_is_runtime(f) != n->runtime ||
            lg_frame_is_std(f, LG_STR("example.com/svc")) != n->std)
            fail_msg("%s", n->function);
        assert_int_equal(lg_frame_is_std(f, LG_STR("")), n->std);
    }
}

static void test_main_module(void **state)
{
    assert_true(lg_frame_is_std(LG_STR("consumer/worker.handle"), LG_STR("")));
    assert_false(
        lg_frame_is_std(LG_STR("consumer/worker.handle"), LG_STR("consumer")));
    assert_false(lg_frame_is_std(LG_STR("consumer.F"), LG_STR("consumer")));
    assert_true(lg_frame_is_std(LG_STR("consumers.F"), LG_STR("consumer")));
    assert_false(lg_frame_is_std(LG_STR("acme/lib.F"), LG_STR("acme/svc/v2")));
    assert_true(lg_frame_is_std(LG_STR("net/http.F"), LG_STR("acme/svc")));
}

/* Any bytes are a name; parts lie within it. */
static void test_any_bytes(void **state)
{
    static const char alphabet[] = "a./[]({%2e:";
    char text[6];
    for (unsigned n = 0; n < 11 * 11 * 11 * 11 * 11; n++) {
        unsigned rest = n;
        for (size_t i = 0; i < 5; i++, rest /= 11)
            text[i] = alphabet[rest % 11];
        struct lg_str f = lg_str_from(text, 5);
        assert_true(lg_str_starts(f, lg_frame_package(f)));
        assert_true(lg_str_ends(f, lg_frame_short(f)));
        lg_frame_is_runtime(f);
        lg_frame_is_std(f, LG_STR("a/b"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_main_module),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
