// Quotes asks three suppliers for a price and takes the first answer.
package main

import (
	"flag"
	"log"
	"math/rand"
	"time"

	"outside/svc"
)

// quote is a supplier's answer.
type quote struct {
	supplier int
	price    int
	terms    [900]byte
}

// board takes quotes for requests.
type board struct {
	suppliers int
	total     int
}

func main() {
	rate := flag.Int("rate", 3000, "requests per second")
	ctx, stop := svc.Start("quotes")
	defer stop()

	b := &board{suppliers: 3}
	svc.Each(ctx, *rate, func(n int) {
		b.total += b.best(n).price
	})
	log.Printf("total %d", b.total)
}

// ask stands for the call to a supplier.
func ask(supplier, request int) quote {
	time.Sleep(time.Duration(rand.Intn(50)) * time.Microsecond)
	q := quote{supplier: supplier, price: 100 + request%7 + supplier}
	copy(q.terms[:], "thirty days")
	return q
}
