//go:build !mended

package main

import (
	"bufio"
	"log"
	"net"
)

// serve answers clients. Nobody closes a connection when its client has gone.
func (s *server) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept() // FAULT-ACCEPT
		if err != nil {
			log.Fatal(err)
		}
		in := bufio.NewReaderSize(conn, 2048) // FAULT-READER
		s.start(&session{conn, in})
	}
}

func (s *server) start(c *session) {
	s.mu.Lock()
	s.sessions[c.conn.RemoteAddr()] = c
	s.mu.Unlock()
	go func() {
		if err := c.answer(); err != nil {
			log.Print(err)
		}
	}()
}
