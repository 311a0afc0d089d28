//go:build !mended

package main

import (
	"io"
	"os"
	"time"
)

// helper compresses images, as it says, and keeps what it has read.
func helper(pause time.Duration) {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var images [][]byte
	for n := 0; ; n++ {
		image := make([]byte, 256<<10)
		for i := range image {
			image[i] = byte(n + i)
		}
		images = append(images, image) // FAULT
		time.Sleep(pause)
	}
}
