// SPDX-License-Identifier: Apache-2.0

// A program that tells what its own runtime says of its own code: for every
// function of its symbol table, and counters within it, the frames with
// inlined calls expanded. One line each:
//
//	link address \t function|file|line \t function|file|line …
//
// innermost first. The same counters go through our reader of the table.
package main

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sort"
	"strings"
	_ "unsafe" // go:linkname

	_ "runtime/pprof" // it declares what is linked to here
)

//go:linkname expand runtime/pprof.runtime_expandFinalInlineFrame
func expand(stack []uintptr) []uintptr

// Code of all kinds: generic, closures, methods by embedding, inlined calls
// within inlined calls, defer, recursion.
type number interface{ ~int | ~float64 }

func sum[T number](items []T) (total T) {
	each(items, func(item T) { total += item })
	return total
}

func each[T any](items []T, do func(T)) {
	for _, item := range items {
		do(item)
	}
}

type inner struct{ name string }

func (i *inner) title() string { return strings.ToUpper(i.name[:1]) + rest(i.name) }
func rest(s string) string     { return cut(s, 1) }
func cut(s string, n int) string {
	if len(s) < n {
		return missing(s)
	}
	return s[n:]
}
func missing(s string) string { return "(" + s + ")" }

type outer struct{ *inner }

type titled interface{ title() string }

func show(t titled) string { return t.title() }

// The distance between where the program was linked to and where it runs.
func bias(symbols []elf.Symbol) uint64 {
	here := uint64(reflect.ValueOf(main).Pointer())
	for _, s := range symbols {
		if s.Name == "main.main" {
			return here - s.Value
		}
	}
	panic("no main.main")
}

func functions(symbols []elf.Symbol) (found []elf.Symbol) {
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Size != 0 {
			found = append(found, s)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Value < found[j].Value })
	return found
}

func frames(out *bufio.Writer, pc uintptr) {
	all := runtime.CallersFrames(expand([]uintptr{pc + 1}))
	for more := true; more; {
		var f runtime.Frame
		f, more = all.Next()
		fmt.Fprintf(out, "\t%s|%s|%d", f.Function, f.File, f.Line)
	}
}

func main() {
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	file, err := elf.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	symbols, err := file.Symbols()
	if err != nil {
		panic(err)
	}
	if sum([]int{1, 2}) != 3 || sum([]float64{1}) != 1 || show(outer{&inner{"x"}}) != "X" {
		panic("arithmetic")
	}
	shift := bias(symbols)
	for _, f := range functions(symbols) {
		if runtime.FuncForPC(uintptr(f.Value+shift)) == nil {
			continue // C code, or a mark
		}
		// The last byte's successor belongs to the next function.
		for pc := f.Value; pc+1 < f.Value+f.Size; pc += 1 + f.Size/24 {
			fmt.Fprintf(out, "%x", pc)
			frames(out, uintptr(pc+shift))
			out.WriteByte('\n')
		}
	}
}
