/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected is what pprof makes of these names (Go 1.27.4). */
#include "sources/demangle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/sb.h"
#include "base/vec.h"
#include "rng.h"

static const struct {
    const char *symbol, *shown, *templates, *full;
} cases[] = {
    {"_ZN1A3fooIiEEvT_", "A::foo", "A::foo<int>", "void A::foo<int>(int)"},
    {"_ZNSt6vectorIiSaIiEE9push_backEOi.isra.0", "std::vector::push_back",
     "std::vector<int, std::allocator<int> >::push_back",
     "std::vector<int, std::allocator<int> >::push_back(int&&)"},
    {"_ZZNK1A3fooEiE1x", "A::foo() const::x", "A::foo() const::x",
     "A::foo(int) const::x"},
    {"_ZZ4mainENKUlSt6vectorIiSaIiEEE_clES1_",
     "main::{lambda(std::vector)#1}::operator()",
     "main::{lambda(std::vector<int, std::allocator<int> >)#1}::operator()",
     "main::{lambda(std::vector<int, std::allocator<int> "
     ">)#1}::operator()(std::vector<int, std::allocator<int> >) const"},
    {"_ZlsRSoRK1A", "operator<<", "operator<<",
     "operator<<(std::ostream&, A const&)"},
    {"_ZN1AltERKS_", "A::operator<", "A::operator<", "A::operator<(A const&)"},
    {"_ZltIiEbRK1BIT_ES4_", "operator<", "operator< <int>",
     "bool operator< <int>(B<int> const&, B<int> const&)"},
    {"_ZN1AptEv", "A::operator->", "A::operator->", "A::operator->()"},
    {"_ZN1AcvSt6vectorIiSaIiEEEv", "A::operator std::vector",
     "A::operator std::vector<int, std::allocator<int> >",
     "A::operator std::vector<int, std::allocator<int> >()"},
    {"_ZN1AD1Ev", "A::~A", "A::~A", "A::~A()"},
    {"_ZTV1BIiE", "vtable for B", "vtable for B<int>", "vtable for B<int>"},
    {"_ZThn8_N1A3fooEi", "non-virtual thunk to A::foo(int)",
     "non-virtual thunk to A::foo(int)", "non-virtual thunk to A::foo(int)"},
    {"_ZN12_GLOBAL__N_13barEv", "(anonymous namespace)::bar",
     "(anonymous namespace)::bar", "(anonymous namespace)::bar()"},
    {"_ZGVZ3foovE1x", "guard variable for foo()::x",
     "guard variable for foo()::x", "guard variable for foo()::x"},
    {"_ZTIN4llvm1AINS_1BENS_1CIS1_JEEEJEEE", "typeinfo for llvm::A",
     "typeinfo for llvm::A<llvm::B, llvm::C<llvm::B> >",
     "typeinfo for llvm::A<llvm::B, llvm::C<llvm::B> >"},
    {"_Z3barIXadL_Z3fooiEEEvv", "bar", "bar<&foo>", "void bar<&foo>()"},
    {"_GLOBAL__I_foo", "global constructors keyed to _I_foo",
     "global constructors keyed to _I_foo",
     "global constructors keyed to _I_foo"},
    {"_GLOBAL__I__Z3foov", "global constructors keyed to foo()",
     "global constructors keyed to foo()",
     "global constructors keyed to foo()"},
    {"___Z3foov_block_invoke_2", "invocation function for block in foo",
     "invocation function for block in foo",
     "invocation function for block in foo()"},
    {"__ZN1A3fooEv", "A::foo", "A::foo", "A::foo()"},
    {"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write",
     "core::fmt::write", "core::fmt::write"},
    {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$"
     "GT$3bar17h930b740aa94f1d3aE",
     "<Test + 'static as foo::Bar<Test>>::bar",
     "<Test + 'static as foo::Bar<Test>>::bar",
     "<Test + 'static as foo::Bar<Test>>::bar"},
    {"_RNvC6_123foo3bar", "123foo::bar", "123foo::bar", "123foo::bar"},
    {"_RINvNtC3std3mem8align_ofjE", "std::mem::align_of::<>",
     "std::mem::align_of::<usize>", "std::mem::align_of::<usize>"},
    {"_RNvXCs1_1aINtB2_3FoojENtB2_3Bar3baz", "<a::Foo<> as a::Bar>::baz",
     "<a::Foo<usize> as a::Bar>::baz", "<a::Foo<usize> as a::Bar>::baz"},
    {"_RNvMNtCs1_1a3modNtB2_4Type3new", "<a::mod::Type>::new",
     "<a::mod::Type>::new", "<a::mod::Type>::new"},
    {"_Z", "_Z", "_Z", "_Z"},
    {"_ZNotMangled", "_ZNotMangled", "_ZNotMangled", "_ZNotMangled"},
    {"main.(*T[...]).Run", "main.(*T[...]).Run", "main.(*T[...]).Run",
     "main.(*T[...]).Run"},
    {"main.Map[...]", "main.Map[...]", "main.Map[...]", "main.Map[...]"},
    {"main.(*T).f[...]", "main..f[...]", "main..f[...]", "main.(*T).f[...]"},
    {"java.lang.Object.<init>", "java.lang.Object.<init>",
     "java.lang.Object.<init>", "java.lang.Object.<init>"},
    {"std::vector<int>::push(int)", "std::vector::push",
     "std::vector<int>::push", "std::vector<int>::push(int)"},
    {"A::operator()(int)", "A::operator", "A::operator", "A::operator()(int)"},
    {"ns::f(std::map<int, (anonymous)>)", "ns::f", "ns::f",
     "ns::f(std::map<int, (anonymous)>)"},
    {"f>::g<", "f>::g<", "f>::g<", "f>::g<"},
    {"runtime.main", "runtime.main", "runtime.main", "runtime.main"},
};

static void check(const char *symbol, enum lg_demangle_mode mode,
                  const char *expected)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str shown = lg_demangle_shown(lg_str_of(symbol), mode, &arena);
    if (!lg_str_eq(shown, lg_str_of(expected)))
        fail_msg("%s: %.*s, but pprof has %s", symbol, LG_STR_ARG(shown),
                 expected);
    lg_arena_deinit(&arena);
}

static void names_are_shown_as_pprof_shows_them(void **state)
{
    for (size_t i = 0; i < LG_COUNT(cases); i++) {
        check(cases[i].symbol, LG_DEMANGLE_DEFAULT, cases[i].shown);
        check(cases[i].symbol, LG_DEMANGLE_TEMPLATES, cases[i].templates);
        check(cases[i].symbol, LG_DEMANGLE_FULL, cases[i].full);
        check(cases[i].symbol, LG_DEMANGLE_NONE, cases[i].symbol);
    }
}

/* Most names are Go's; there are a million in a large profile. */
static void a_name_of_go_costs_no_memory(void **state)
{
    struct lg_arena arena;
    lg_arena_init(&arena, 0);
    struct lg_str name = LG_STR("github.com/a/b.(*Server).Serve.func1");
    struct lg_str shown = lg_demangle_shown(name, LG_DEMANGLE_DEFAULT, &arena);
    assert_ptr_equal(shown.data, name.data);
    assert_int_equal(arena.used_bytes, 0);
    lg_arena_deinit(&arena);
}

/* _Z1fI1aES_IS_S_ES0_IS0_S0_E…: each piece doubles what is printed. */
static void a_short_name_cannot_fill_the_memory(void **state)
{
    struct lg_arena arena;
    struct lg_sb sb;
    struct lg_str shown;
    lg_arena_init(&arena, (size_t)64 << 20);
    lg_sb_init(&sb, &arena);
    lg_sb_cstr(&sb, "_Z1fP1AIiE");
    for (int i = 0; i < 60; i++)
        lg_sb_fmt(&sb, "1AIS%s_S%s_E", i == 0 ? "0" : "", i == 0 ? "0" : "");
    (void)lg_demangle(lg_sb_view(&sb), LG_DEMANGLE_FULL, &arena, &shown);
    lg_sb_init(&sb, &arena);
    lg_sb_cstr(&sb, "_Z1fFvvE");
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int i = 0; i < 34; i++)
        lg_sb_fmt(&sb, "FvS%.1s_S%.1s_E", i == 0 ? "" : &digits[i - 1],
                  i == 0 ? "" : &digits[i - 1]);
    assert_false(
        lg_demangle(lg_sb_view(&sb), LG_DEMANGLE_FULL, &arena, &shown));
    lg_arena_deinit(&arena);
}

static void damaged_names_do_no_harm(void **state)
{
    struct lg_rng rng = {1};
    for (int round = 0; round < 20000; round++) {
        struct lg_arena arena;
        char text[256];
        const char *symbol = cases[lg_rng_below(&rng, LG_COUNT(cases))].symbol;
        size_t len = strlen(symbol);
        memcpy(text, symbol, len);
        for (int i = 0; i < 3; i++)
            text[lg_rng_below(&rng, len)] = (char)lg_rng_below(&rng, 256);
        lg_arena_init(&arena, (size_t)64 << 20);
        for (int mode = LG_DEMANGLE_DEFAULT; mode <= LG_DEMANGLE_NONE; mode++)
            (void)lg_demangle_shown(lg_str_from(text, len),
                                    (enum lg_demangle_mode)mode, &arena);
        lg_arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_shown_as_pprof_shows_them),
        cmocka_unit_test(a_name_of_go_costs_no_memory),
        cmocka_unit_test(a_short_name_cannot_fill_the_memory),
        cmocka_unit_test(damaged_names_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
