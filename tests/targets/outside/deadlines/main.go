// Deadlines is a gateway in front of a slow price service: each request has a
// deadline that goes along with it.
package main

import (
	"context"
	"flag"
	"log"
	"strconv"
	"sync/atomic"
	"time"

	"outside/svc"
)

type request struct {
	sku    string
	region string
}

// gateway asks for prices with a number of workers.
type gateway struct {
	root   context.Context
	asked  chan request
	served int64
}

func main() {
	rate := flag.Int("rate", 40000, "requests per second")
	ctx, stop := svc.Start("deadlines")
	defer stop()

	g := &gateway{root: context.Background(), asked: make(chan request, 4096)}
	for i := 0; i < 8; i++ {
		go g.work()
	}
	svc.Each(ctx, *rate, func(n int) {
		g.asked <- request{"sku-" + strconv.Itoa(n), "eu"}
	})
	log.Printf("%d served", atomic.LoadInt64(&g.served))
}

func (g *gateway) work() {
	for r := range g.asked {
		if err := g.serve(r); err != nil {
			log.Print(err)
		}
	}
}

// price stands for the call to the other service.
func price(ctx context.Context, r request) (int, error) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < 0 {
		return 0, ctx.Err()
	}
	return len(r.sku) * len(r.region), nil
}
