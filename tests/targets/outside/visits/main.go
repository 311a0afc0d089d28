// Visits counts what happens by labels, as services do for their metrics: one
// of the labels is the path of the request.
package main

import (
	"flag"
	"log"
	"strconv"
	"sync"

	"outside/svc"
)

// series is a counter with its labels.
type series struct {
	labels  map[string]string
	buckets [12]uint64
}

type registry struct {
	mu     sync.Mutex
	series map[string]*series
}

func main() {
	rate := flag.Int("rate", 25000, "requests per second")
	ctx, stop := svc.Start("visits")
	defer stop()

	r := &registry{series: make(map[string]*series)}
	svc.Each(ctx, *rate, func(n int) {
		path := "/customers/" + strconv.Itoa(n) + "/orders"
		r.observe("GET", path, n%200)
	})
	log.Printf("%d series", len(r.series))
}

// observe counts one request that took so many milliseconds.
func (r *registry) observe(method, path string, ms int) {
	key := method + " " + label(path)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.series[key]
	if s == nil {
		s = newSeries(method, label(path))
		r.series[key] = s // FAULT-MAP
	}
	s.buckets[ms%len(s.buckets)]++
}
