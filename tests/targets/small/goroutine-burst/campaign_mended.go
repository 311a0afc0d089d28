//go:build mended

package main

import (
	"context"
	"sync"
)

var connections = make(chan struct{}, 2000)

// campaign writes to so many receivers, as many at a time as there are
// connections to the mail server.
func campaign(ctx context.Context, receivers int) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for to := 0; to < receivers; to++ {
		select {
		case connections <- struct{}{}:
		case <-ctx.Done():
			return
		}
		wg.Add(1)
		go func(to int) {
			defer wg.Done()
			deliver(ctx, to)
			<-connections
		}(to)
	}
}
