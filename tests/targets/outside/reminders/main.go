// Reminders answers orders and watches over them: an order that nobody
// confirms within the hour is given up. Orders are confirmed at once here.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"sync"
	"time"

	"outside/svc"
)

// order is what a client sent, kept until it is confirmed.
type order struct {
	number int
	body   []byte
}

// desk holds the orders that nobody has confirmed yet.
type desk struct {
	mu      sync.Mutex
	open    map[int]*order
	watches map[int]*time.Timer
	lost    int
}

func main() {
	rate := flag.Int("rate", 4000, "orders per second")
	ctx, stop := svc.Start("reminders")
	defer stop()

	d := &desk{open: make(map[int]*order), watches: make(map[int]*time.Timer)}
	svc.Each(ctx, *rate, func(n int) {
		d.take(read(n))
		d.watch(n)
		d.confirm(n)
	})
	log.Printf("%d open, %d lost", len(d.open), d.lost)
}

// read stands for the body of a request.
func read(n int) *order {
	body := bytes.NewBuffer(make([]byte, 0, 4<<10))
	fmt.Fprintf(body, `{"order":%d,"lines":[`, n)
	for i := 0; i < 60; i++ {
		fmt.Fprintf(body, `{"item":%d,"count":%d},`, n+i, i)
	}
	return &order{n, body.Bytes()}
}

func (d *desk) take(o *order) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[o.number] = o
}

// giveUp is called when an order has waited for too long.
func (d *desk) giveUp(o *order) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, waits := d.open[o.number]; waits {
		delete(d.open, o.number)
		d.lost += len(o.body)
	}
}
