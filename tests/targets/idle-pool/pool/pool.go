// Package pool keeps connections to the upstream servers.
package pool

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is returned by Get when the caller has gone.
var ErrClosed = errors.New("pool: the caller has gone")

// Conn is a connection to an upstream server.
type Conn struct {
	ID       int
	lastUsed time.Time
	uses     int
}

// Pool holds a fixed number of connections. Of these, fresh ones may be taken
// at once; one that was idle for long is checked first.
type Pool struct {
	mu      sync.Mutex
	idle    []*Conn
	waiting int
	changed chan struct{}
	journal journal
}

// New makes a pool of size connections.
func New(size int) *Pool {
	p := &Pool{changed: make(chan struct{}, size)}
	for i := 0; i < size; i++ {
		p.idle = append(p.idle, &Conn{ID: i, lastUsed: time.Now()})
	}
	return p
}

// Put gives a connection back.
func (p *Pool) Put(c *Conn) {
	p.mu.Lock()
	c.lastUsed = time.Now()
	c.uses++
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// Stats is what the pool looks like at one time.
type Stats struct {
	Idle    int
	Waiting int
	Oldest  time.Duration
}

// look takes an idle connection that was used within fresh, if there is one.
func (p *Pool) look(fresh time.Duration) (*Conn, Stats) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	stats := Stats{Idle: len(p.idle), Waiting: p.waiting}
	found := -1
	for i, c := range p.idle {
		age := now.Sub(c.lastUsed)
		if age > stats.Oldest {
			stats.Oldest = age
		}
		if age <= fresh {
			found = i
		}
	}
	if found < 0 {
		return nil, stats
	}
	c := p.idle[found]
	p.idle = append(p.idle[:found], p.idle[found+1:]...)
	return c, stats
}

// waitForChange blocks until a connection comes back or wait is over.
func (p *Pool) waitForChange(ctx context.Context, wait time.Duration) error {
	p.mu.Lock()
	p.waiting++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.waiting--
		p.mu.Unlock()
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-p.changed:
	case <-timer.C:
	case <-ctx.Done():
		return ErrClosed
	}
	return nil
}

// refresh checks idle connections, so that they count as fresh again.
func (p *Pool) refresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, c := range p.idle {
		c.lastUsed = now
	}
}
