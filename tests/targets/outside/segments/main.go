// Segments is a log of events in memory: it writes into segments that lie
// outside of Go's heap, so that the collector has nothing to do with them.
package main

import (
	"encoding/binary"
	"flag"
	"log"

	"outside/svc"
)

const segmentBytes = 1 << 20

// journal is a row of segments, the oldest first.
type journal struct {
	segments [][]byte
	used     int
	keep     int
}

func main() {
	rate := flag.Int("rate", 20000, "events per second")
	ctx, stop := svc.Start("segments")
	defer stop()

	j := &journal{keep: 24}
	svc.Each(ctx, *rate, func(n int) {
		if err := j.append(event(n)); err != nil {
			log.Fatal(err)
		}
	})
	log.Printf("%d segments", len(j.segments))
}

func event(n int) []byte {
	e := make([]byte, 900)
	binary.LittleEndian.PutUint64(e, uint64(n))
	copy(e[8:], "order placed")
	return e
}

func (j *journal) append(e []byte) error {
	if len(j.segments) == 0 || j.used+len(e) > segmentBytes {
		segment, err := newSegment()
		if err != nil {
			return err
		}
		j.segments = append(j.segments, segment)
		j.used = 0
		j.expire()
	}
	last := j.segments[len(j.segments)-1]
	j.used += copy(last[j.used:], e) // FAULT-TOUCH
	return nil
}
