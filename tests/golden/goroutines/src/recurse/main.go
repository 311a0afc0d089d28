// Recursion of every shape. Usage: recurse MODE DEPTH; the dump of all
// goroutines, taken at that depth, goes to stdout.
package main

import (
	"os"
	"runtime"
	"strconv"
)

var limit, depth int

func step() bool {
	depth++
	if depth < limit {
		return true
	}
	buf := make([]byte, 16<<20)
	os.Stdout.Write(buf[:runtime.Stack(buf, true)])
	os.Exit(0)
	return false
}

//go:noinline
func direct(n int) int {
	if step() {
		n += direct(n + 1)
	}
	return n
}

//go:noinline
func load(key string) string { return decode(key+".", 0) + "" }

//go:noinline
func decode(key string, at int) string { return resolve(key) + key[at:] }

//go:noinline
func resolve(key string) string {
	if step() {
		return load(key[:1]) + "!"
	}
	return key
}

func closure() {
	var visit func(int) int
	visit = func(n int) int {
		if step() {
			return visit(n+1) + 1
		}
		return n
	}
	visit(0)
}

type expr interface{ eval(env map[string]int) int }

type neg struct{ of expr }

func (n *neg) eval(env map[string]int) int {
	step()
	return -n.of.eval(env)
}

type pool struct{ size int }

// get inlines retry: the frames say get(...) without arguments' values.
func (p *pool) get() int   { return p.retry() + 1 }
func (p *pool) retry() int { step(); return p.get() + p.size }

type tree[T any] struct{ left, right *tree[T] }

//go:noinline
func (t *tree[T]) walk(visit func(*tree[T])) {
	visit(t)
	t.left.walk(visit)
}

func main() {
	limit, _ = strconv.Atoi(os.Args[2])
	switch os.Args[1] {
	case "direct":
		direct(0)
	case "mutual":
		load("k")
	case "closure":
		closure()
	case "interface":
		n := &neg{}
		n.of = n
		n.eval(nil)
	case "inlined":
		new(pool).get()
	case "generic":
		t := &tree[int]{}
		t.left = t
		t.walk(func(*tree[int]) { step() })
	}
}
