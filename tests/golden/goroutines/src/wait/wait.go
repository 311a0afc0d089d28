// Package wait parks goroutines in every way that Go knows.
package wait

import (
	"context"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

type Server[T any] struct {
	in chan T
}

func (s *Server[T]) run(id int) {
	for range s.in {
		id++
	}
}

type Runner interface{ Run() }

type forever struct{ stop chan struct{} }

func (f forever) Run() { <-f.stop }

func receiveNil() { <-(chan int)(nil) }
func sendNil()    { (chan int)(nil) <- 1 }
func none()       { select {} }
func sleep()      { time.Sleep(time.Hour) }

func send(c chan [4]int, v [4]int) { c <- v }

func choose(a, b chan string) {
	select {
	case <-a:
	case b <- "x":
	}
}

func accept(l net.Listener) { l.Accept() }

func readPipe(r *os.File) {
	var b [1]byte
	r.Read(b[:])
}

func syscallRead(fd int) {
	var b [1]byte
	syscall.Read(fd, b[:])
}

func locked(c chan struct{}) {
	runtime.LockOSThread()
	<-c
}

func nest(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	nest(n-1, f)
}

func labelled(c chan struct{}) {
	pprof.Do(context.Background(), pprof.Labels("tenant", `a ]"b{`, "shard", "7"),
		func(context.Context) { <-c })
}

// All starts the goroutines and returns; none of them ever ends.
func All(l net.Listener) {
	c := make(chan struct{})
	for i := 0; i < 20; i++ {
		go (&Server[string]{in: make(chan string)}).run(i)
	}
	for i := 0; i < 3; i++ {
		go forever{c}.Run()
		go Runner(forever{c}).Run()
	}
	go receiveNil()
	go sendNil()
	go none()
	go sleep()
	for i := 0; i < 7; i++ {
		go send(make(chan [4]int), [4]int{1, 2, 3, 4})
		go choose(make(chan string), make(chan string))
	}
	go accept(l)
	r, _, _ := os.Pipe()
	go readPipe(r)
	var fds [2]int
	syscall.Pipe(fds[:])
	go syscallRead(fds[0])
	locks()
	go locked(c)
	go labelled(c)
	go nest(30, func() { <-c })
	go nest(120, func() { <-c })
	go func() {
		pr, _ := io.Pipe()
		io.Copy(io.Discard, pr)
	}()
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGUSR1)
	go func() {
		for range ch {
		}
	}()
}

func locks() {
	var mu sync.Mutex
	mu.Lock()
	var rw, rr sync.RWMutex
	rw.RLock()
	rr.Lock()
	var wg sync.WaitGroup
	wg.Add(1)
	cond := sync.NewCond(new(sync.Mutex))
	for i := 0; i < 5; i++ {
		go func() { mu.Lock() }()
	}
	go func() { rw.Lock() }()
	go func() { rr.RLock() }()
	go wg.Wait()
	go func() { wg.Wait() }()
	go func() {
		cond.L.Lock()
		cond.Wait()
	}()
}
