// SPDX-License-Identifier: Apache-2.0

// Writes one profile of each kind of itself into a folder: what the harness
// compares `lastgasp pprof` and the oracle on. It does what makes profiles
// differ: generics, closures, methods, recursion, inlined calls, labels,
// contention. Needs Go 1.18.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"sync"
	"time"

	"example.com/conformance/store"
)

var sink interface{}

type shape interface{ area() int }
type square struct{ side int }
type circle struct{ radius int }

func (s square) area() int  { return grow(s.side) }
func (c *circle) area() int { return grow(c.radius) * 3 }

//go:noinline
func grow(size int) int {
	kept := make([]byte, 1024*size)
	sink = kept
	return len(kept)
}

func small(n int) []int { return medium(n) } // inlined twice
func medium(n int) []int {
	return make([]int, n)
}

//go:noinline
func inlined(n int) { sink = small(n * 100) }

//go:noinline
func descend(depth int) int {
	if depth == 0 {
		sink = make([]byte, 1<<16)
		return 1
	}
	return descend(depth-1) + 1
}

func even(n int) bool {
	if n == 0 {
		sink = make([]byte, 4096)
		return true
	}
	return odd(n - 1)
}

//go:noinline
func odd(n int) bool { return n != 0 && even(n-1) }

func burn(until time.Time) (sum int) {
	for time.Now().Before(until) {
		sum += sortSome() + hashSome()
	}
	return sum
}

//go:noinline
func sortSome() int {
	numbers := make([]int, 500)
	for i := range numbers {
		numbers[i] = (i * 7919) % 503
	}
	sort.Ints(numbers)
	return numbers[3]
}

//go:noinline
func hashSome() (h int) {
	for i := 0; i < 20000; i++ {
		h = h*31 + i
	}
	return h
}

func contend() {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 20; j++ {
				mu.Lock()
				time.Sleep(200 * time.Microsecond)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
}

func park(ready *sync.WaitGroup, forever chan int) {
	for i := 0; i < 7; i++ {
		ready.Add(1)
		go func() { ready.Done(); <-forever }()
	}
	for i := 0; i < 3; i++ {
		ready.Add(1)
		labels := pprof.Labels("worker", fmt.Sprint(i%2), "kind", "parked")
		go pprof.Do(context.Background(), labels, func(context.Context) {
			ready.Done()
			waitFor(forever)
		})
	}
	ready.Wait()
}

//go:noinline
func waitFor(c chan int) { <-c }

func allocate(round int) {
	for n := 0; n < 60*round; n++ {
		i := 1 + n%5
		for _, s := range []shape{square{i}, &circle{i}} {
			s.area()
		}
		inlined(i)
		func() { sink = strings.Repeat("closure", i*50) }()
	}
	descend(40)
	even(31)
	keep = append(keep, store.New[string, int](200*round, "text"),
		store.New[int, []byte](300*round, 7))
}

var keep []interface{}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(name string, data []byte) {
	check(os.WriteFile(filepath.Join(os.Args[1], name), data, 0o644))
}

func save(kind, suffix string) {
	var proto, text bytes.Buffer
	check(pprof.Lookup(kind).WriteTo(&proto, 0))
	write(kind+suffix+".pb.gz", proto.Bytes())
	check(pprof.Lookup(kind).WriteTo(&text, 1))
	write(kind+suffix+".txt", text.Bytes())
}

func cpu(name string, labelled bool) {
	var data bytes.Buffer
	check(pprof.StartCPUProfile(&data))
	for i := 0; i < 3; i++ {
		labels := pprof.Labels("request", fmt.Sprintf("GET /%d", i),
			"tenant", "blue")
		until := time.Now().Add(150 * time.Millisecond)
		if !labelled {
			labels = pprof.Labels()
		}
		pprof.Do(context.Background(), labels, func(context.Context) {
			sink = burn(until)
		})
	}
	pprof.StopCPUProfile()
	write(name, data.Bytes())
}

func main() {
	runtime.MemProfileRate = 2048
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	allocate(1)
	runtime.GC()
	save("heap", "-before")
	var ready sync.WaitGroup
	park(&ready, make(chan int))
	contend()
	allocate(3)
	runtime.GC()
	for _, kind := range []string{"heap", "allocs", "goroutine", "mutex",
		"block", "threadcreate"} {
		save(kind, "")
	}
	cpu("cpu.pb.gz", false)
	cpu("cpu-labels.pb.gz", true)
}
