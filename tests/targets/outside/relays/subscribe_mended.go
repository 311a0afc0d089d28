//go:build mended

package main

import "time"

// subscribe reads for the subscriber, which looks ten times a second.
func (r *relay) subscribe(number int) {
	buffer := make([]byte, 16<<10)
	for {
		time.Sleep(100 * time.Millisecond)
		r.take(buffer)
	}
}
