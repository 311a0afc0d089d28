// SPDX-License-Identifier: Apache-2.0

// Parks many goroutines, each some frames deep, and serves its own profiles.
// One line when all are parked: "ready", the address of its HTTP server.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
)

var (
	count = flag.Int("n", 1000000, "goroutines")
	depth = flag.Int("depth", 5, "calls beneath each goroutine's function")
	until = make(chan struct{})
)

// With depth 5 a stack has 8 frames, those of the runtime included: gopark,
// chanrecv, chanrecv1, five calls; and the function that was started.
//
//go:noinline
func down(n int, group *sync.WaitGroup) int {
	if n > 1 {
		return down(n-1, group) + n
	}
	group.Done()
	<-until
	return n
}

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(listener, nil)
	var group sync.WaitGroup
	group.Add(*count)
	for i := 0; i < *count; i++ {
		go down(*depth, &group)
	}
	group.Wait()
	runtime.GC()
	fmt.Println("ready", listener.Addr())
	os.Stdin.Read(make([]byte, 1))
}
