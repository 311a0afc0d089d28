// SPDX-License-Identifier: Apache-2.0

// Bare has goroutines and a heap but not runtime/pprof: the linker switches
// allocation profiling off. It tells of itself what zoo tells, without
// profiles, by the same words on stdin and stdout.
package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
)

var (
	before, after runtime.MemStats
	line          [64]byte
	held          [][]byte
	forever       = make(chan struct{})
	lock          sync.Mutex
)

func hold(group *sync.WaitGroup) {
	group.Done()
	<-forever
}

func parkMany() {
	var group sync.WaitGroup
	lock.Lock()
	for i := 0; i < 200; i++ {
		group.Add(2)
		go hold(&group)
		go func() {
			group.Done()
			lock.Lock()
		}()
		held = append(held, make([]byte, 1<<16+i))
	}
	group.Wait()
}

func writeOwn() error {
	buf := make([]byte, 8<<20)
	buf = buf[:runtime.Stack(buf, true)]
	path := filepath.Join(os.Args[1], "own.goroutines.txt")
	if err := os.WriteFile(path, buf, 0o644); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]interface{}{
		"before": &before, "after": &after, "flushed": true,
		"rate": runtime.MemProfileRate, "timers": 0, "channel_timers": 0, "finalizers": 0,
	})
	if err != nil {
		return err
	}
	path = filepath.Join(os.Args[1], "own.memstats.json")
	return os.WriteFile(path, text, 0o644)
}

func main() {
	parkMany()
	for runtime.NumGoroutine() != 401 {
		runtime.Gosched()
	}
	debug.SetGCPercent(-1)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for answer := "ready\n"; ; answer = "done\n" {
		syscall.Write(1, []byte(answer))
		if n, _ := syscall.Read(0, line[:]); n <= 0 {
			return
		}
		runtime.ReadMemStats(&after)
		if err := writeOwn(); err != nil {
			println(err.Error())
			os.Exit(1)
		}
	}
}
