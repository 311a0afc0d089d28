// Prober opens a connection to each of its backends again and again and notes
// how long that takes. The backends are built in.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"syscall"
	"time"

	"outside/svc"
)

// probe is one look at a backend.
type probe struct {
	backend string
	conn    net.Conn
	in      *bufio.Reader
	took    time.Duration
}

// prober keeps the last looks of each backend.
type prober struct {
	history map[string][]*probe
}

func main() {
	rate := flag.Int("rate", 600, "probes per second")
	ctx, stop := svc.Start("prober")
	defer stop()
	raiseFileLimit()

	backend, err := listen()
	if err != nil {
		log.Fatal(err)
	}
	go greet(backend)
	p := &prober{history: make(map[string][]*probe)}
	failed := 0
	svc.Each(ctx, *rate, func(n int) {
		if err := p.look(backend.Addr().String(), n); err != nil {
			if failed++; failed < 5 {
				log.Print(err)
			}
		}
	})
	log.Printf("%d backends, %d failed", len(p.history), failed)
}

// listen takes an address of its own, so that connections of earlier runs that
// wait for their end do not use up the ports.
func listen() (net.Listener, error) {
	pid := os.Getpid()
	return net.Listen("tcp",
		fmt.Sprintf("127.%d.%d.%d:0", 1+pid>>16&127, pid>>8&255, pid&255|1))
}

// greet says hello to whoever comes, and hangs up.
func greet(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Fprintf(conn, "220 ready %0400d\r\n", 0)
		conn.Close()
	}
}

func raiseFileLimit() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}
