//go:build mended

package main

import (
	"bufio"
	"net"
	"time"
)

// look notes how long a backend takes to say hello.
func (p *prober) look(address string, n int) error {
	start := time.Now()
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := bufio.NewReaderSize(conn, 512).ReadString('\n'); err != nil {
		return err
	}
	looks := append(p.history[address], &probe{backend: address, took: time.Since(start)})
	if len(looks) > 1000 {
		looks = looks[len(looks)-1000:]
	}
	p.history[address] = looks
	return nil
}
