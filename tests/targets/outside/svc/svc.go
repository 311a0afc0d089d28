// Package svc is what all these programs have in common: the flag -for,
// signals, and a pace. None of them has a door to look in through: neither
// net/http/pprof nor runtime/pprof is linked.
package svc

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Start parses the flags. The context ends with SIGINT, SIGTERM or the time
// of -for.
func Start(name string) (context.Context, context.CancelFunc) {
	life := flag.Duration("for", 0, "end after this time (0: never)")
	flag.Parse()
	log.SetPrefix(name + ": ")

	ctx, stop := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM)
	if *life > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *life)
		signalled := stop
		stop = func() { cancel(); signalled() }
	}
	return ctx, stop
}

// Each calls step perSecond times a second until ctx ends, with the number of
// the call. What it owes is counted from the start: a late tick is made good.
func Each(ctx context.Context, perSecond int, step func(n int)) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due := int(time.Since(start).Seconds() * float64(perSecond))
		for ; n < due && ctx.Err() == nil; n++ {
			step(n)
		}
	}
}
