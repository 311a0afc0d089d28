//go:build mended

package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"consumer/queue"

	"github.com/zeromicro/go-zero/core/collection"
)

var (
	profilesOnce sync.Once
	profiles     *collection.Cache
	profilesErr  error
)

// handle processes one message. All messages share one cache of profiles.
func handle(ctx context.Context, msg queue.Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	profilesOnce.Do(func() {
		profiles, profilesErr = collection.NewCache(30 * time.Second)
	})
	if profilesErr != nil {
		return fmt.Errorf("profile cache: %w", profilesErr)
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
