// Ledger books payments to accounts. One kind of payment leaves the function
// before the account's lock is given back, and each later one waits for it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"sync"
	"sync/atomic"

	"outside/svc"
)

var errLimit = errors.New("beyond the limit")

type payment struct {
	account int
	amount  int
	note    []byte
}

type account struct {
	mu      sync.Mutex
	balance int
}

type ledger struct {
	accounts [64]account
	booked   int64
	refused  int64
}

func main() {
	rate := flag.Int("rate", 5000, "payments per second")
	ctx, stop := svc.Start("ledger")
	defer stop()

	l := &ledger{}
	svc.Each(ctx, *rate, func(n int) {
		go l.handle(n) // FAULT-GO
	})
	log.Printf("%d booked, %d refused",
		atomic.LoadInt64(&l.booked), atomic.LoadInt64(&l.refused))
}

// handle is a request from its first byte to its last.
func (l *ledger) handle(n int) {
	p := decode(n)
	if err := l.book(p); err != nil {
		atomic.AddInt64(&l.refused, 1)
		return
	}
	atomic.AddInt64(&l.booked, 1)
}

func decode(n int) *payment {
	p := &payment{account: n % 64, amount: n % 1000, note: make([]byte, 0, 1<<10)}
	p.note = append(p.note, fmt.Sprintf("payment %d", n)...)
	if n%1013 == 1012 {
		p.amount = 1 << 20
	}
	return p
}
