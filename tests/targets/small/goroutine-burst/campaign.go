//go:build !mended

package main

import (
	"context"
	"sync"
)

// campaign writes to so many receivers, all at a time.
func campaign(ctx context.Context, receivers int) {
	var wg sync.WaitGroup
	for to := 0; to < receivers; to++ {
		wg.Add(1)
		go func(to int) { // FAULT
			defer wg.Done()
			deliver(ctx, to)
		}(to)
	}
	wg.Wait()
}
