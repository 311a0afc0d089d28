// Package worker consumes the topic.
package worker

import (
	"context"
	"log"
	"sync"
	"sync/atomic"

	"consumer/queue"
)

// profile is what handling a message needs to know of its customer.
type profile struct {
	customer string
	tier     string
	language string
}

// Run handles messages, count at a time, until the topic is closed, and
// returns how many it handled.
func Run(ctx context.Context, topic *queue.Topic, count int) uint64 {
	var handled uint64
	var wg sync.WaitGroup
	for i := 0; i < count; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for msg := range topic.Messages() {
				if err := handle(ctx, msg); err != nil {
					log.Printf("message %d: %v", msg.ID, err)
					continue
				}
				atomic.AddUint64(&handled, 1)
			}
		}()
	}
	wg.Wait()
	return handled
}

// loadProfile stands for a look-up in the customer database.
func loadProfile(customer string) *profile {
	p := &profile{customer: customer, tier: "standard", language: "en"}
	if len(customer)%3 == 0 {
		p.tier = "gold"
	}
	return p
}
