// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"runtime/pprof"
)

func parkLabelled() {
	ctx := context.Background()
	park(func() {
		pprof.Do(ctx, pprof.Labels("tenant", "a b", "k2", "v/2", "x", "y"),
			func(context.Context) { arrive(); <-forever })
	})
	park(func() {
		pprof.Do(ctx, pprof.Labels("outer", "1"), func(ctx context.Context) {
			pprof.Do(ctx, pprof.Labels("quote\"", "]: [\n", "outer", "2"),
				func(context.Context) { arrive(); full <- 3 })
		})
	})
	// inherited from the goroutine that makes it
	wanted += 2
	go pprof.Do(ctx, pprof.Labels("made", "by"), func(context.Context) {
		go plain()
		arrive()
		<-forever
	})
	park(func() {
		pprof.SetGoroutineLabels(pprof.WithLabels(ctx,
			pprof.Labels("empty", "", "utf8", "äöü")))
		arrive()
		select {}
	})
}
