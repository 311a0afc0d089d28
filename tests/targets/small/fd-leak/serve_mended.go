//go:build mended

package main

import (
	"bufio"
	"log"
	"net"
)

// serve answers clients.
func (s *server) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		in := bufio.NewReaderSize(conn, 2048)
		s.start(&session{conn, in})
	}
}

func (s *server) start(c *session) {
	address := c.conn.RemoteAddr()
	s.mu.Lock()
	s.sessions[address] = c
	s.mu.Unlock()
	go func() {
		defer func() {
			c.conn.Close()
			s.mu.Lock()
			delete(s.sessions, address)
			s.mu.Unlock()
		}()
		if err := c.answer(); err != nil {
			log.Print(err)
		}
	}()
}
