// Goroutines in every kind of wait, and profiles of them in every form, all
// taken while nothing moves. Usage: shop OUT-DIR
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"

	"example.com/shop/wait"
)

func write(dir, name string, data []byte) {
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		panic(err)
	}
}

func profile(dir, name, file string, debug int) {
	var b bytes.Buffer
	if err := pprof.Lookup(name).WriteTo(&b, debug); err != nil {
		panic(err)
	}
	write(dir, file, b.Bytes())
}

// settle returns when every goroutine but this one is parked.
func settle() {
	for {
		buf := make([]byte, 4<<20)
		text := string(buf[:runtime.Stack(buf, true)])
		if strings.Count(text, "[running") == 1 &&
			!strings.Contains(text, "[runnable") {
			return
		}
		runtime.Gosched()
	}
}

func main() {
	dir := os.Args[1]
	debug.SetGCPercent(-1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	wait.All(l)
	keep := wait.Allocate()
	settle()
	runtime.GC()
	runtime.GC()
	for i := 0; i <= 2; i++ {
		profile(dir, "goroutine", fmt.Sprintf("goroutine.debug%d", i), i)
	}
	profile(dir, "heap", "heap.debug0", 0)
	profile(dir, "heap", "heap.debug1", 1)
	profile(dir, "allocs", "allocs.debug0", 0)
	profile(dir, "threadcreate", "threadcreate.debug0", 0)
	if pprof.Lookup("goroutineleak") != nil { // Go 1.26 and later
		for i := 0; i <= 2; i++ {
			profile(dir, "goroutineleak", fmt.Sprintf("leak.debug%d", i), i)
		}
	}
	runtime.KeepAlive(keep)
}
