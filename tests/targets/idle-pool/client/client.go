// Package client is the callers of the gateway.
package client

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"
)

// Run sends perSecond requests each second until ctx ends. One of them,
// zeroAfter the start, has timeout=0: an old client that knows no timeouts.
func Run(ctx context.Context, base string, perSecond int, zeroAfter time.Duration) {
	time.AfterFunc(zeroAfter, func() {
		if err := get(ctx, base+"/fetch?timeout=0"); err != nil && ctx.Err() == nil {
			log.Printf("timeout=0: %v", err)
		}
	})
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		url := fmt.Sprintf("%s/fetch?timeout=%d", base, 500+n%1000)
		if err := get(ctx, url); err != nil && ctx.Err() == nil {
			log.Printf("request: %v", err)
		}
	}
}

func get(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}
