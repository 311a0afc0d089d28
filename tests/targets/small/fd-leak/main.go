// Fd-leak is a server of a small protocol: a line, an answer. Its clients are
// built in.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"sync"
	"syscall"

	"small/svc"
)

// session is what the server knows of a client.
type session struct {
	conn net.Conn
	in   *bufio.Reader
}

// server holds the sessions of clients.
type server struct {
	mu       sync.Mutex
	sessions map[net.Addr]*session
}

func main() {
	rate := flag.Int("rate", 700, "connections per second")
	ctx, stop := svc.Start("fd-leak")
	defer stop()
	raiseFileLimit()

	// An address of its own: connections that wait for their end would
	// otherwise use up the ports when many runs follow each other.
	pid := os.Getpid()
	listener, err := net.Listen("tcp",
		fmt.Sprintf("127.%d.%d.%d:0", 1+pid>>16&127, pid>>8&255, pid&255|1))
	if err != nil {
		log.Fatal(err)
	}
	s := &server{sessions: make(map[net.Addr]*session)}
	go s.serve(listener)

	failed := 0
	svc.Each(ctx, *rate, func(n int) {
		if err := ask(listener.Addr().String(), n); err != nil {
			if failed++; failed < 10 {
				log.Print(err)
			}
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	log.Printf("%d sessions, %d failed", len(s.sessions), failed)
}

// raiseFileLimit allows as many open files as the administrator does. Go does
// that by itself since 1.19.
func raiseFileLimit() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}

func ask(address string, n int) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "hello %d %1500s\n", n, "."); err != nil {
		return err
	}
	_, err = bufio.NewReaderSize(conn, 64).ReadString('\n')
	return err
}

// answer reads a line and writes one.
func (s *session) answer() error {
	line, err := s.in.ReadString('\n')
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.conn, "%d bytes\n", len(line))
	return err
}
