// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var ran int32

func neverRuns() { atomic.AddInt32(&ran, 1); <-forever }

func (m *method) neverRuns(s string) { neverRuns() }

// holdTheOnlyP never returns: with one P it makes goroutines, has them
// dumped, and stays in a system call that the scheduler knows nothing of, so
// that they never run. Tried until nothing took the P away in between.
func holdTheOnlyP() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	buf := make([]byte, 16<<20)
	runtime.Stack(buf, true)
	made, written := int32(0), make([]byte, 0, 1<<20)
	for {
		time.Sleep(time.Millisecond) // a new slice of time
		made += 3
		go neverRuns()
		go (&method{11}).neverRuns("x")
		go func(n int32) { neverRuns() }(made)
		written = append(written[:0], buf[:runtime.Stack(buf, true)]...)
		if atomic.LoadInt32(&ran) == made-3 {
			rawWriteFile(filepath.Join(*dir, "own.goroutines.txt"), written)
			rawWrite(1, ready)
			rawRead()
			os.Exit(0)
		}
	}
}

func rawWriteFile(path string, text []byte) {
	name := append([]byte(path), 0)
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, ^uintptr(99),
		uintptr(unsafe.Pointer(&name[0])),
		syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, 0o644, 0, 0)
	if errno != 0 {
		panic(errno)
	}
	rawWrite(fd, text)
}

func rawWrite(fd uintptr, text []byte) {
	for len(text) > 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd,
			uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
		if errno != 0 {
			panic(errno)
		}
		text = text[n:]
	}
}

//go:noinline
func rawRead() {
	syscall.RawSyscall(syscall.SYS_READ, 0,
		uintptr(unsafe.Pointer(&line[0])), 1)
}
