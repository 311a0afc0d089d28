// Package queue stands for the message broker: a bounded topic in memory and
// a producer that fills it at a fixed pace.
package queue

import (
	"context"
	"strconv"
	"time"
)

// Message is one event of a customer.
type Message struct {
	ID       uint64
	Customer string
	Body     []byte
}

// Topic is a bounded queue of messages.
type Topic struct {
	messages chan Message
}

// NewTopic makes a topic that holds size messages before Produce waits.
func NewTopic(size int) *Topic {
	return &Topic{messages: make(chan Message, size)}
}

// Messages is closed when the producer has ended.
func (t *Topic) Messages() <-chan Message { return t.messages }

// Produce sends perSecond messages each second until ctx ends. What it owes
// is counted from the start, so that a late tick does not lower the rate.
func (t *Topic) Produce(ctx context.Context, perSecond int) {
	defer close(t.messages)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	var sent uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due := uint64(time.Since(start).Seconds() * float64(perSecond))
		for ; sent < due; sent++ {
			select {
			case t.messages <- newMessage(sent):
			case <-ctx.Done():
				return
			}
		}
	}
}

func newMessage(id uint64) Message {
	return Message{
		ID:       id,
		Customer: "customer-" + strconv.FormatUint(id%997, 10),
		Body:     []byte(`{"kind":"order-paid","amount":1999}`),
	}
}
