// SPDX-License-Identifier: Apache-2.0

// Zoo is a process with one goroutine of every kind, allocation, block and
// mutex profiles, that stands still and then tells what the runtime itself
// says of it: what a reader from outside must find.
//
// stdout says "ready" when nothing moves any more and nothing was allocated
// since the last of two collections. A line on stdin makes it write own.* to
// -dir and say "done"; the end of stdin ends it.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

var (
	dir      = flag.String("dir", ".", "where own.* go")
	rate     = flag.Int("rate", 0, "MemProfileRate; 0 leaves it alone")
	profiles = flag.Bool("profiles", true, "block and mutex profiles")
	heapMB   = flag.Int("heap", 24, "MiB of heap that stay")
	runnable = flag.Bool("runnable", false,
		"one P, goroutines that never ran, a main that keeps its P")
	flushed = flag.Bool("flushed", true,
		"have the caches' counts flushed before ready")
)

// Static, so that between the last collection and the snapshot nothing is
// allocated.
var (
	before, after runtime.MemStats
	ready         = []byte("ready\n")
	done          = []byte("done\n")
	line          [64]byte
)

func main() {
	flag.Parse()
	if *rate != 0 {
		runtime.MemProfileRate = *rate
	}
	if *profiles {
		profileContention()
	}
	buildHeap(*heapMB)
	parkAll()
	waitUntilQuiet()
	if *runnable {
		holdTheOnlyP()
	}
	warmUp()
	leaveP()
	debug.SetGCPercent(-1)
	runtime.GC()
	runtime.GC()
	if *flushed {
		runtime.ReadMemStats(&before)
	}
	for answer := ready; ; answer = done {
		syscall.Write(1, answer)
		n, err := syscall.Read(0, line[:])
		for err == syscall.EINTR {
			n, err = syscall.Read(0, line[:])
		}
		if n <= 0 {
			return
		}
		runtime.ReadMemStats(&after)
		if err := writeOwn(*dir); err != nil {
			fmt.Fprintln(os.Stderr, "zoo:", err)
			os.Exit(1)
		}
	}
}
