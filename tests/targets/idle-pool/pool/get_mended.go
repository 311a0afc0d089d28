//go:build mended

package pool

import (
	"context"
	"time"
)

// Get returns a connection that was used within the client's timeout.
// timeoutMs 0 means that the client sets no limit.
func (p *Pool) Get(ctx context.Context, timeoutMs int32) (*Conn, error) {
	if timeoutMs == 0 {
		timeoutMs = 1<<31 - 1
	}
	return p.getIdle(ctx, timeoutMs)
}

// wait is a tenth of the client's timeout for the first try and grows with
// each one.
func wait(timeoutMs int32, try int) time.Duration {
	return time.Duration(timeoutMs) * time.Millisecond / 10 * time.Duration(try)
}

// getIdle looks for a fresh connection, waits for one, and looks again.
func (p *Pool) getIdle(ctx context.Context, timeoutMs int32) (*Conn, error) {
	for try := 1; ; try++ {
		if ctx.Err() != nil {
			return nil, ErrClosed
		}
		pause := wait(timeoutMs, try)
		conn, stats := p.look(pause)
		p.journal.note(try, pause.Microseconds(), stats)
		if conn != nil {
			return conn, nil
		}
		if err := p.waitForChange(ctx, pause); err != nil {
			return nil, err
		}
		p.refresh()
	}
}
