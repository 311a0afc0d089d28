// Renderers draws tiles. The graphics library of each tenant wants a thread of
// its own, so each gets a goroutine that is locked to one.
package main

import (
	"flag"
	"hash/crc32"
	"log"
	"runtime"
	"strconv"
	"sync"

	"outside/svc"
)

type job struct {
	tile   int
	answer chan uint32
}

// renderer draws for one tenant.
type renderer struct {
	tenant string
	jobs   chan job
}

// studio knows the renderers of all tenants.
type studio struct {
	mu      sync.Mutex
	tenants map[string]*renderer
	order   []string
}

func main() {
	rate := flag.Int("rate", 120, "new tenants per second")
	ctx, stop := svc.Start("renderers")
	defer stop()

	s := &studio{tenants: make(map[string]*renderer)}
	sum := uint32(0)
	svc.Each(ctx, *rate, func(n int) {
		sum ^= s.draw("tenant-"+strconv.Itoa(n), n)
	})
	log.Printf("%d tenants, sum %08x", len(s.tenants), sum)
}

func (s *studio) draw(tenant string, tile int) uint32 {
	s.mu.Lock()
	r := s.tenants[tenant]
	if r == nil {
		r = &renderer{tenant, make(chan job)}
		s.tenants[tenant] = r
		s.order = append(s.order, tenant)
		s.retire()
		go r.run() // FAULT-GO
	}
	s.mu.Unlock()
	answer := make(chan uint32, 1)
	r.jobs <- job{tile, answer}
	return <-answer
}

// run draws on a thread of its own until there are no more jobs.
func (r *renderer) run() {
	runtime.LockOSThread()
	for j := range r.jobs { // FAULT
		j.answer <- crc32.ChecksumIEEE([]byte(r.tenant)) ^ uint32(j.tile)
	}
}
