// Off-heap keeps frames of a video in anonymous mappings, which the Go
// runtime knows nothing of.
package main

import (
	"flag"
	"log"
	"syscall"

	"small/svc"
)

const frameBytes = 1 << 20

func main() {
	rate := flag.Int("rate", 25, "frames per second")
	ctx, stop := svc.Start("off-heap")
	defer stop()

	r := &ring{}
	svc.Each(ctx, *rate, func(n int) {
		frame, err := newFrame(n)
		if err != nil {
			log.Fatal(err)
		}
		r.add(frame)
	})
	log.Printf("%d frames", len(r.frames))
}

func newFrame(n int) ([]byte, error) {
	frame, err := syscall.Mmap(-1, 0, frameBytes, // FAULT
		syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	for i := range frame {
		frame[i] = byte(n + i)
	}
	return frame, nil
}
