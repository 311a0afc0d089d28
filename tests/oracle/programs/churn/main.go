// SPDX-License-Identifier: Apache-2.0

// Churn never stands still: stacks grow, shrink and are moved, goroutines come
// and go, the collector runs. Yet each stack is of one form: a called by
// worker, b by a, c by b, a by c … in the lines that say CALL. A reader that
// takes two moments for one tells of another form.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"sync"
	"time"
)

var (
	lock  sync.Mutex
	pings = make(chan int)
	sink  [64][]byte
)

//go:noinline
func a(n int, r *rand.Rand) int {
	if n == 0 {
		return leaf(r)
	}
	var room [128]byte
	room[n%128] = byte(n)
	return b(n-1, r) + int(room[(n+1)%128]) // CALL
}

//go:noinline
func b(n int, r *rand.Rand) int {
	if n == 0 {
		return leaf(r)
	}
	return c(n-1, r) + 1 // CALL
}

//go:noinline
func c(n int, r *rand.Rand) int {
	if n == 0 {
		return leaf(r)
	}
	var room [900]byte
	room[n%900] = byte(n)
	return a(n-1, r) + int(room[n*7%900]) // CALL
}

//go:noinline
func leaf(r *rand.Rand) int {
	switch r.Intn(8) {
	case 0:
		sink[r.Intn(64)] = make([]byte, r.Intn(9000))
	case 1:
		lock.Lock()
		runtime.Gosched()
		lock.Unlock()
	case 2:
		select {
		case pings <- 1:
		case <-pings:
		}
	case 3:
		time.Sleep(time.Duration(r.Intn(3000)) * time.Microsecond)
	case 4:
		runtime.Gosched()
	default:
		n := 0
		for i := 0; i < r.Intn(20000); i++ {
			n += i
		}
		return n
	}
	return 0
}

func worker(seed int64, rounds int) {
	r := rand.New(rand.NewSource(seed))
	for i := 0; i < rounds; i++ {
		a(1+r.Intn(120), r) // CALL
	}
	go worker(seed+1000, 20+r.Intn(100))
}

func main() {
	runtime.GOMAXPROCS(4)
	for i := 0; i < 300; i++ {
		go worker(int64(i), 20)
	}
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
