// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A goroutine of the zoo counts itself just before it parks for good.
var started, wanted int32

func parkedAll() bool {
	return atomic.LoadInt32(&started) == atomic.LoadInt32(&wanted)
}

func arrive() { atomic.AddInt32(&started, 1) }

// park starts f, which must arrive before it waits for ever.
func park(f func()) {
	atomic.AddInt32(&wanted, 1)
	go f()
}

var (
	forever                   = make(chan struct{})
	full                      = make(chan int, 1)
	funcTimers, channelTimers int
	keep                      []interface{} // what waits only as long as it is reachable
)

func parkAll() {
	parkChannels()
	parkSync()
	parkIO()
	parkTimers()
	parkStacks()
	parkPanics()
	parkLabelled()
	parkFinalizer()
	for _, more := range extras {
		more()
	}
}

// extras are of newer Go versions or of cgo.
var extras []func()

func parkChannels() {
	var none chan int
	full <- 1
	other, third := make(chan int), make(chan string, 3)
	park(func() { arrive(); <-forever })
	park(func() { arrive(); full <- 2 })
	park(func() { arrive(); <-none })
	park(func() { arrive(); none <- 1 })
	park(func() { arrive(); select {} })
	park(func() {
		arrive()
		select {
		case <-other:
		case third <- "x":
			arrive()
			select {
			case <-other:
			case v := <-none:
				full <- v
			}
		case <-forever:
		}
	})
	park(func() {
		arrive()
		for range other {
		}
	})
	park(func() {
		runtime.LockOSThread()
		arrive()
		<-forever
	})
	wanted++ // it arrives twice
}

type shared struct {
	sync.Mutex
	rw   sync.RWMutex
	once sync.Once
}

func parkSync() {
	var plain, once shared
	var reading, writing sync.RWMutex
	var group sync.WaitGroup
	cond := sync.NewCond(&sync.Mutex{})
	keep = append(keep, &plain, &once, &reading, &writing, &group, cond)
	plain.Lock()
	reading.Lock()
	writing.RLock()
	group.Add(1)
	for i := 0; i < 3; i++ {
		park(func() { arrive(); plain.Lock() })
	}
	park(func() { arrive(); reading.RLock() })
	park(func() { arrive(); writing.Lock() })
	park(func() { arrive(); group.Wait() })
	for i := 0; i < 2; i++ {
		park(func() { cond.L.Lock(); arrive(); cond.Wait() })
	}
	inside := make(chan struct{})
	park(func() {
		once.once.Do(func() { close(inside); arrive(); <-forever })
	})
	<-inside
	park(func() { arrive(); once.once.Do(func() {}) })
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func parkIO() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	client, err := net.Dial("tcp", listener.Addr().String())
	must(err)
	server, err := listener.Accept()
	must(err)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(err)
	reader, writer, err := os.Pipe()
	must(err)
	keep = append(keep, listener, client, server, udp, reader, writer)
	park(func() { arrive(); listener.Accept() })
	park(func() { arrive(); client.Read(make([]byte, 1)) })
	park(func() {
		server.SetReadDeadline(time.Now().Add(24 * time.Hour))
		arrive()
		server.Read(make([]byte, 16))
	})
	park(func() { arrive(); udp.ReadFrom(make([]byte, 512)) })
	park(func() { arrive(); reader.Read(make([]byte, 8)) })
	parkSecondReader(client)
	parkInSyscall()
	parkWriter()
}

// Who reads what another reads waits for the descriptor's lock.
func parkSecondReader(conn net.Conn) {
	park(func() { arrive(); conn.Read(make([]byte, 1)) })
}

func parkInSyscall() {
	var ends [2]int
	must(syscall.Pipe(ends[:]))
	var buf [1]byte
	park(func() { arrive(); syscall.Read(ends[0], buf[:]) })
	park(func() {
		runtime.LockOSThread()
		arrive()
		syscall.Read(ends[0], buf[:])
	})
}

// A pipe that nobody empties.
func parkWriter() {
	reader, writer, err := os.Pipe()
	must(err)
	keep = append(keep, reader, writer)
	park(func() { arrive(); writer.Write(make([]byte, 1<<20)) })
}

func parkTimers() {
	for i := 0; i < 100; i++ {
		keep = append(keep, time.NewTimer(time.Duration(i+1)*time.Hour))
		keep = append(keep, time.AfterFunc(time.Duration(i+1)*time.Hour, arrive))
	}
	keep = append(keep, time.NewTicker(time.Hour))
	funcTimers, channelTimers = 100, 101
	park(func() { arrive(); time.Sleep(24 * time.Hour) })
	park(func() {
		arrive()
		select {
		case <-time.After(30 * time.Hour):
		case <-forever:
		}
	})
	park(func() { arrive(); <-time.NewTimer(31 * time.Hour).C })
}
