//go:build !mended

package main

import (
	"context"
	"sync/atomic"
	"time"
)

// patience is generous: the other service is slow on Mondays.
const patience = 2 * time.Hour

// serve asks for one price. go vet would say it: the context is never
// cancelled, so its timer lives on until the deadline.
func (g *gateway) serve(r request) error {
	ctx, _ := context.WithTimeout(g.root, patience) // FAULT
	_, err := price(ctx, r)
	atomic.AddInt64(&g.served, 1)
	return err
}
