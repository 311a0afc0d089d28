// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"
)

type form struct {
	file, profile string
	debug         int
}

var forms = []form{
	{"own.goroutines.txt", "goroutine", 2},
	{"own.goroutine.pb.gz", "goroutine", 0},
	{"own.heap.pb.gz", "heap", 0},
	{"own.allocs.pb.gz", "allocs", 0},
	{"own.block.pb.gz", "block", 0},
	{"own.mutex.pb.gz", "mutex", 0},
}

func writeOwn(dir string) error {
	for _, f := range forms {
		var text bytes.Buffer
		if err := pprof.Lookup(f.profile).WriteTo(&text, f.debug); err != nil {
			return err
		}
		path := filepath.Join(dir, f.file)
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	text, err := json.Marshal(map[string]interface{}{
		"before": &before, "after": &after, "flushed": *flushed,
		"rate": runtime.MemProfileRate, "timers": funcTimers, "channel_timers": channelTimers,
		"finalizers": finalizersMade,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "own.memstats.json"), text, 0o644)
}

// warmUp makes what the first profile of a process makes once.
func warmUp() {
	for _, f := range forms {
		pprof.Lookup(f.profile).WriteTo(io.Discard, f.debug)
	}
}

// leaveP has the runtime start the thread that takes over when main blocks.
func leaveP() {
	for i := 0; i < 5; i++ {
		wait := syscall.Timespec{Nsec: 10e6}
		syscall.Nanosleep(&wait, nil)
	}
}

var moving = regexp.MustCompile(`\((0x|\{|\.\.\.|_).*\)|\+0x[0-9a-f]+`)
var busy = regexp.MustCompile(`(?m)^goroutine (\d+) \[(running|runnable)`)

// waitUntilQuiet returns when only this goroutine runs and two dumps in a row
// say the same.
func waitUntilQuiet() {
	last := ""
	buf := make([]byte, 16<<20)
	for {
		now := string(buf[:runtime.Stack(buf, true)])
		alone := len(busy.FindAllString(now, -1)) == 1
		now = moving.ReplaceAllString(now, "")
		if alone && now == last && parkedAll() {
			return
		}
		last = now
		time.Sleep(20 * time.Millisecond)
	}
}
