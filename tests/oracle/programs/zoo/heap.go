// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"strings"
	"sync"
	"time"
)

type node struct {
	next *node
	data [40]byte
}

var (
	held           []interface{}
	list           *node
	table          = map[int]string{}
	finalizersMade int
)

// buildHeap makes what stays and what goes at many places, in many sizes.
func buildHeap(mb int) {
	for i := 0; i < mb; i++ {
		held = append(held, block(1<<19))
		for n := 0; n < 2000; n++ {
			list = &node{next: list}
			block(n) // garbage
		}
		for n := 0; n < 500; n++ {
			table[len(table)] = strings.Repeat("x", n%200)
		}
		held = append(held, generic[int64](1000), generic[node](20),
			func() interface{} { return inlinedMake(3000) }())
		inGoroutine()
		deepAlloc(100, i)
		tiny(300)
	}
	held = append(held, make([]byte, 5<<20), make([]*node, 1<<18))
	for k := range table {
		if k%2 == 0 {
			delete(table, k)
		}
	}
	held[0] = nil
}

//go:noinline
func block(n int) []byte { return make([]byte, n) }

//go:noinline
func generic[T any](n int) []T { return make([]T, n) }

func inlinedMake(n int) []int  { return inlinedAgain(n) }
func inlinedAgain(n int) []int { return make([]int, n) }
func inGoroutine() {
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		held = append(held, make([]uint32, 5000), new(node))
	}()
	group.Wait()
}

// Deeper than what a bucket holds before Go 1.23 (32) and less than after.
//
//go:noinline
func deepAlloc(depth, i int) {
	if depth == 0 {
		held = append(held, make([]byte, 9000+i))
		return
	}
	deepAlloc(depth-1, i)
}

func tiny(n int) {
	for i := 0; i < n; i++ {
		b := new(byte)
		held = append(held, b)
	}
}

// Who waits for a lock, a channel and a condition, for the two profiles.
func profileContention() {
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	var lock sync.Mutex
	var rw sync.RWMutex
	var group sync.WaitGroup
	tick := make(chan int)
	for i := 0; i < 4; i++ {
		group.Add(2)
		go func() {
			defer group.Done()
			for n := 0; n < 20; n++ {
				contend(&lock)
				rw.Lock()
				time.Sleep(50 * time.Microsecond)
				rw.Unlock()
			}
		}()
		go func() {
			defer group.Done()
			for n := 0; n < 20; n++ {
				tick <- n
				rw.RLock()
				rw.RUnlock()
			}
		}()
	}
	for n := 0; n < 80; n++ {
		select {
		case <-tick:
		case <-forever:
		}
	}
	group.Wait()
}

//go:noinline
func contend(lock *sync.Mutex) {
	lock.Lock()
	defer lock.Unlock()
	time.Sleep(50 * time.Microsecond)
}

type finalized struct{ n [4]int }

// A finalizer that never returns, and more that wait for it or have not
// become due.
func parkFinalizer() {
	in := make(chan struct{})
	makeDue(in)
	for waiting := true; waiting; {
		runtime.GC()
		select {
		case <-in:
			waiting = false
		case <-time.After(10 * time.Millisecond):
		}
	}
	for i := 0; i < 10; i++ {
		f := &finalized{}
		runtime.SetFinalizer(f, func(*finalized) {})
		held = append(held, f)
	}
	finalizersMade = 10
	wanted++
}

//go:noinline
func makeDue(in chan struct{}) {
	for i := 0; i < 20; i++ {
		f := &finalized{}
		var once = &sync.Once{}
		runtime.SetFinalizer(f, func(*finalized) {
			once.Do(func() {
				select {
				case in <- struct{}{}:
				case <-forever:
				}
			})
			arrive()
			<-forever
		})
	}
}
