// SPDX-License-Identifier: Apache-2.0

package main

import (
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

var path [4096]byte

// holdTheOnlyP never returns: with one P it makes goroutines, has them
// dumped, and stays in a system call that the scheduler knows nothing of, so
// that they never run. Tried until nothing took the P away before the dump was
// complete; afterwards nothing can, given GODEBUG=asyncpreemptoff=1.
func holdTheOnlyP() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	copy(path[:], filepath.Join(*dir, "own.goroutines.txt"))
	buf := make([]byte, 16<<20)
	runtime.Stack(buf, true)
	for made := int32(3); ; made += 3 {
		time.Sleep(time.Millisecond) // a new slice of time
		go neverRuns()
		go (&method{11}).neverRuns("x")
		go func(n int32) { neverRuns() }(made)
		hold(buf, uintptr(runtime.Stack(buf, true)), made-3)
	}
}

// hold writes the dump, says ready and stays; returns when they ran. Without a
// check of its stack's size it is not asked to yield.
//
//go:nosplit
func hold(dump []byte, size uintptr, mayHaveRun int32) {
	if atomic.LoadInt32(&ran) != mayHaveRun {
		return
	}
	fd, _, _ := syscall.RawSyscall6(syscall.SYS_OPENAT, ^uintptr(99),
		uintptr(unsafe.Pointer(&path[0])),
		syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, 0o644, 0, 0)
	for at := uintptr(0); at < size; {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd,
			uintptr(unsafe.Pointer(&dump[at])), size-at)
		if errno != 0 {
			syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 3, 0, 0)
		}
		at += n
	}
	syscall.RawSyscall(syscall.SYS_WRITE, 1,
		uintptr(unsafe.Pointer(&ready[0])), uintptr(len(ready)))
	syscall.RawSyscall(syscall.SYS_READ, 0,
		uintptr(unsafe.Pointer(&line[0])), 1)
	syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
}
