//go:build !mended

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
	return p.getIdle(ctx, timeoutMs, 1)
}

// wait is a tenth of the client's timeout for the first try and grows with
// each one. In int32, as the client's parameter is: for the largest timeout
// the product of milliseconds and 1000 is -1000, a tenth of it -100, and no
// number of tries makes it positive.
func wait(timeoutMs int32, try int) time.Duration {
	us := timeoutMs * 1000 / 10
	return time.Duration(us) * time.Duration(try) * time.Microsecond
}

// getIdle looks for a fresh connection, waits for one, and looks again.
func (p *Pool) getIdle(ctx context.Context, timeoutMs int32, try int) (*Conn, error) {
	if ctx.Err() != nil {
		return nil, ErrClosed
	}
	pause := wait(timeoutMs, try)
	conn, stats := p.look(pause)
	p.journal.note(try, pause.Microseconds(), stats)
	if conn != nil {
		return conn, nil
	}
	if pause > 0 {
		if err := p.waitForChange(ctx, pause); err != nil {
			return nil, err
		}
		p.refresh()
	}
	conn, err := p.getIdle(ctx, timeoutMs, try+1) // FAULT
	if err == nil {
		conn.uses++
	}
	return conn, err
}
