// Ways in which a Go program dies, for what it says then. Usage: die MODE
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

func deeper(n int) int { return deeper(n+1) + n }

func rethrow() {
	defer func() {
		r := recover()
		panic(fmt.Sprint("again: ", r))
	}()
	panic(errors.New("first\nsecond line"))
}

func threads() {
	debug.SetMaxThreads(20)
	for i := 0; i < 30; i++ {
		go func() {
			runtime.LockOSThread()
			var fds [2]int
			syscall.Pipe(fds[:])
			var b [1]byte
			syscall.Read(fds[0], b[:])
		}()
	}
	time.Sleep(time.Hour)
}

func maps() {
	m := map[int]int{}
	for i := 0; i < 4; i++ {
		go func() {
			for {
				m[1]++
			}
		}()
	}
	time.Sleep(time.Hour)
}

func main() {
	fmt.Fprintln(os.Stderr, "2026/11/02 14:03:09 starting")
	switch os.Args[1] {
	case "panic":
		panic("boom")
	case "rethrow":
		rethrow()
	case "nil":
		var p *os.Process
		fmt.Println(p.Pid)
	case "overflow":
		debug.SetMaxStack(1 << 16)
		deeper(0)
	case "memory":
		n := uint(46)
		b := make([]byte, 1<<n)
		fmt.Println(b[len(os.Args)])
	case "threads":
		threads()
	case "deadlock":
		<-make(chan int)
	case "maps":
		maps()
	case "quit":
		go func() { select {} }()
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		time.Sleep(time.Hour)
	case "exit":
		os.Exit(3)
	}
}
