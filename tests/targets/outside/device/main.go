// Device reads the weight of parcels from scales, through a driver of old that
// knows only blocking calls. The scales have stopped answering.
package main

import (
	"errors"
	"flag"
	"log"
	"sync"
	"sync/atomic"
	"syscall"

	"outside/svc"
)

var errBusy = errors.New("the scales do not answer")

// scales is the driver: what is written to one end of a pipe comes from the
// instrument.
type scales struct {
	out, in int
	mu      sync.Mutex
	waiting int
	weighed int64
}

func main() {
	rate := flag.Int("rate", 150, "parcels per second")
	answers := flag.Int("answers", 200, "readings before the scales stop")
	ctx, stop := svc.Start("device")
	defer stop()

	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		log.Fatal(err)
	}
	s := &scales{out: ends[0], in: ends[1]}
	refused := 0
	svc.Each(ctx, *rate, func(n int) {
		if n < *answers {
			syscall.Write(s.in, []byte{byte(n), byte(n >> 8)})
		}
		if err := s.weigh(n); err != nil {
			refused++
		}
	})
	log.Printf("%d weighed, %d refused", atomic.LoadInt64(&s.weighed), refused)
}

// read takes one reading of two bytes.
func (s *scales) read(parcel int) int {
	var reading [2]byte
	n, err := syscall.Read(s.out, reading[:]) // FAULT
	if err != nil || n < len(reading) {
		return 0
	}
	atomic.AddInt64(&s.weighed, 1)
	return parcel + int(reading[0]) + int(reading[1])<<8
}
