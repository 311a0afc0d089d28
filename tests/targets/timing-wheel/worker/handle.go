//go:build !mended

package worker

import (
	"context"
	"fmt"
	"time"

	"consumer/queue"

	"github.com/zeromicro/go-zero/core/collection"
)

// handle processes one message. The cache is meant to save look-ups of the
// customer's profile; but made here it lives for one message, while the
// goroutines that NewCache starts live for ever.
func handle(ctx context.Context, msg queue.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	profiles, err := collection.NewCache(30 * time.Second) // FAULT
	if err != nil {
		return fmt.Errorf("profile cache: %w", err)
	}
	found, err := profiles.Take(msg.Customer, func() (any, error) {
		return loadProfile(msg.Customer), nil
	})
	if err != nil {
		return fmt.Errorf("profile of %s: %w", msg.Customer, err)
	}
	if found.(*profile).customer != msg.Customer {
		return fmt.Errorf("profile of %s is another's", msg.Customer)
	}
	return nil
}
