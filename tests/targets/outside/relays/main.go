// Relays hands readings on to its subscribers, each behind a pipe that is as
// wide as the kernel allows. When a pipe is full, its subscriber misses one.
package main

import (
	"flag"
	"log"
	"syscall"

	"outside/svc"
)

const (
	setPipeSize = 1031 // F_SETPIPE_SZ
	pipeBytes   = 1 << 20
)

// relay is a pipe: readings go in, the subscriber takes them out.
type relay struct {
	in, out int
}

func main() {
	count := flag.Int("subscribers", 120, "how many subscribe at the start")
	rate := flag.Int("rate", 3000, "readings per second")
	ctx, stop := svc.Start("relays")
	defer stop()

	relays := make([]*relay, *count)
	for i := range relays {
		r, err := open()
		if err != nil {
			log.Fatal(err)
		}
		relays[i] = r
		go r.subscribe(i)
	}
	missed := 0
	svc.Each(ctx, *rate, func(n int) {
		missed += relays[n%len(relays)].send(reading(n))
	})
	log.Printf("%d missed", missed)
}

func open() (*relay, error) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		return nil, err
	}
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(ends[1]),
		setPipeSize, pipeBytes)
	if errno != 0 {
		return nil, errno
	}
	return &relay{out: ends[0], in: ends[1]}, nil
}

func reading(n int) []byte {
	r := make([]byte, 4096)
	for i := range r {
		r[i] = byte(n + i)
	}
	return r
}

// send says how many readings were missed.
func (r *relay) send(reading []byte) int {
	if _, err := syscall.Write(r.in, reading); err != nil { // FAULT
		return 1
	}
	return 0
}

// take empties the pipe.
func (r *relay) take(buffer []byte) {
	for {
		if n, err := syscall.Read(r.out, buffer); err != nil || n == 0 {
			return
		}
	}
}
