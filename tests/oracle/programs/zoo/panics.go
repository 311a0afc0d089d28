// SPDX-License-Identifier: Apache-2.0

package main

import "runtime"

// Goroutines that wait in a deferred function while a panic goes through them.
func parkPanics() {
	park(func() { defer stay(); panic("in flight") })
	park(func() { defer stayRecovered(); panic("recovered") })
	park(func() { defer stay(); nilPointer(nil) })
	park(func() { defer stay(); divide(1, 0) })
	park(func() { defer stay(); index([]int{1}, 5) })
	park(func() { defer stay(); runtime.Goexit() })
	park(nested)
	park(func() {
		afterRecover()
		arrive()
		<-forever
	})
	park(func() { defer stay(); var m map[string]int; m["a"] = 1 })
	park(func() { defer stay(); var v interface{} = 3; _ = v.(string) })
	park(func() {
		defer func() { arrive(); <-forever }()
		callPanicking()
	})
}

//go:noinline
func stay() { arrive(); <-forever }

//go:noinline
func stayRecovered() {
	recover()
	arrive()
	<-forever
}

//go:noinline
func nilPointer(p *shared) { p.Lock() }

//go:noinline
func divide(a, b int) int { return a / b }

//go:noinline
func index(of []int, i int) int { return of[i] }

func nested() {
	defer stay()
	defer func() { panic("second") }()
	panic("first")
}

func afterRecover() {
	defer func() { recover() }()
	callPanicking()
}

//go:noinline
func callPanicking() {
	defer func() {
		if full == nil {
			recover()
		}
	}()
	panicking(3)
}

//go:noinline
func panicking(n int) {
	if n == 0 {
		panic(n)
	}
	panicking(n - 1)
}
