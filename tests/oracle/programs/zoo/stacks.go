// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"sync"
)

func parkStacks() {
	for _, depth := range []int{30, 98, 99, 100, 101, 150, 5000} {
		depth := depth
		park(func() { deep(depth) })
	}
	park(func() { odd(140) })
	park(outer)
	park(method{7}.value)
	park((&method{8}).pointer)
	bound := method{9}.value
	park(func() { bound() })
	var face waiter = wrapper{&method{10}}
	park(face.pointer)
	park(func() { face.pointer() })
	park(func() { parkGeneric[int](1) })
	park(func() { parkGeneric[string]("x") })
	park(pair[int, []string]{}.wait)
	park((&pair[string, map[int]bool]{}).waitPointer)
	parkClosures()
	parkThroughLibrary()
	spawnInlined()
	spawnTwice()
	park(func() { defer func() { arrive(); <-forever }() })
	park(func() { manyDefers(3) })
	park(func() { bigFrame(2) })
	park(func() { variadic("a", 1, 2.5, []int{3}) })
}

//go:noinline
func deep(n int) {
	if n > 0 {
		deep(n - 1)
		return
	}
	arrive()
	<-forever
}

// Two functions in turns, one of them with an inlined frame between.
//
//go:noinline
func odd(n int) {
	if n == 0 {
		arrive()
		<-forever
	}
	step(n)
}

func step(n int) { even(n - 1) }

//go:noinline
func even(n int) { odd(n) }

// Four inlined levels down to the wait.
func outer()  { middle() }
func middle() { inner(); inner() }
func inner()  { arrive(); innermost() }
func innermost() {
	<-forever
}

type method struct{ n int }

func (m method) value()    { arrive(); <-forever; arrive() }
func (m *method) pointer() { arrive(); full <- m.n }

type waiter interface{ pointer() }

// wrapper's method is the compiler's.
type wrapper struct{ *method }

//go:noinline
func parkGeneric[T any](v T) {
	held := make(chan T)
	arrive()
	held <- v
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func (p pair[K, V]) wait() {
	arrive()
	<-make(chan V)
}

func (p *pair[K, V]) waitPointer() {
	func() {
		arrive()
		<-make(chan K)
	}()
}

func parkClosures() {
	x := 5
	park(func() {
		func() {
			f := func() {
				arrive()
				<-forever
				x++
			}
			run(f)
		}()
	})
}

//go:noinline
func run(f func()) { f() }

type byWaiting []int

func (b byWaiting) Len() int      { return len(b) }
func (b byWaiting) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b byWaiting) Less(i, j int) bool {
	arrive()
	<-forever
	return false
}

type stringer struct{}

func (stringer) String() string {
	arrive()
	<-forever
	return ""
}

// Frames of the standard library between ours.
func parkThroughLibrary() {
	park(func() { sort.Sort(byWaiting{3, 2}) })
	park(func() { _ = fmt.Sprintf("%d %v", 1, stringer{}) })
	park(func() {
		strings.Map(func(r rune) rune {
			arrive()
			<-forever
			return r
		}, "x")
	})
	park(func() {
		reflect.ValueOf(method{1}.value).Call(nil)
	})
	made := reflect.MakeFunc(reflect.TypeOf(func() {}),
		func([]reflect.Value) []reflect.Value {
			arrive()
			<-forever
			return nil
		})
	park(made.Interface().(func()))
	park(func() {
		reflect.ValueOf(&method{3}).MethodByName("Nothing")
		var m sync.Map
		m.Store(1, 2)
		m.Range(func(k, v interface{}) bool {
			arrive()
			<-forever
			return true
		})
	})
}

// The go statement is in an inlined function.
func spawnInlined() { spawn(); spawn() }
func spawn() {
	wanted++
	go plain()
}
func plain() { arrive(); <-forever }

// Goroutines made by goroutines that have ended.
func spawnTwice() {
	wanted += 2
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		go func() { arrive(); <-forever }()
		go plain()
	}()
	group.Wait()
}

func manyDefers(n int) {
	for i := 0; i < n; i++ {
		defer func(i int) {
			if i == 1 {
				arrive()
				<-forever
			}
		}(i)
	}
}

//go:noinline
func bigFrame(n int) byte {
	var big [70000]byte
	big[n] = 1
	if n == 0 {
		arrive()
		<-forever
	} else {
		bigFrame(n - 1)
	}
	return big[n*100]
}

//go:noinline
func variadic(of ...interface{}) {
	arrive()
	<-forever
	println(len(of))
}
