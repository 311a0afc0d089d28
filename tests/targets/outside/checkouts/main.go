// Checkouts keeps the carts of a shop. What it needs it makes at its start: a
// journal in shared memory, a mapped table of prices, a pipe and a sleeping
// courier for each of its tills, a watchdog for each shelf. From then on only
// the carts are new.
package main

import (
	"flag"
	"fmt"
	"log"
	"syscall"
	"time"

	"outside/svc"
)

type shop struct {
	journal, prices []byte
	tills           [][2]int
	shelves         []*shelf
}

// shelf is looked after by a timer that begins again for as long as it is seen.
type shelf struct {
	note  [1024]byte
	watch *time.Timer
}

type cart struct {
	id    int
	items [2000]byte
}

type desk struct {
	carts map[int]*cart
}

func main() {
	rate := flag.Int("rate", 3500, "carts per second")
	ctx, stop := svc.Start("checkouts")
	defer stop()

	s, err := furnish()
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%d tills, %d shelves, %d bytes mapped", len(s.tills),
		len(s.shelves), len(s.journal)+len(s.prices))

	d := &desk{carts: make(map[int]*cart)}
	svc.Each(ctx, *rate, func(n int) {
		d.open(n)
		d.pay(n)
		s.shelves[n%len(s.shelves)].watch.Reset(time.Hour)
		s.journal[n*64%len(s.journal)]++
	})
	log.Printf("%d carts", len(d.carts))
}

func furnish() (*shop, error) {
	s := &shop{}
	var err error
	if s.journal, err = mapped(80<<20, syscall.MAP_SHARED); err != nil {
		return nil, fmt.Errorf("the journal: %w", err)
	}
	if s.prices, err = mapped(78<<20, syscall.MAP_PRIVATE); err != nil {
		return nil, fmt.Errorf("the prices: %w", err)
	}
	for i := 0; i < 150; i++ {
		var till [2]int
		if err := syscall.Pipe2(till[:], syscall.O_CLOEXEC); err != nil {
			return nil, fmt.Errorf("a till: %w", err)
		}
		s.tills = append(s.tills, till)
		go courier()
	}
	for i := 0; i < 4000; i++ {
		sh := &shelf{}
		sh.watch = time.AfterFunc(time.Hour, sh.count)
		s.shelves = append(s.shelves, sh)
	}
	return s, nil
}

// mapped is memory of no file, all of it touched.
func mapped(size, kind int) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
		kind|syscall.MAP_ANON)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b, err
}

func courier() {
	for {
		time.Sleep(time.Second)
	}
}

func (s *shelf) count() {
	log.Printf("nobody has been here: %d", s.note[0])
}
