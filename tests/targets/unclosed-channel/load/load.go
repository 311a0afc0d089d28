// Package load is the clients of thumbs.
package load

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"
)

// Run asks for perSecond albums each second until ctx ends.
func Run(ctx context.Context, base string, perSecond int) {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		url := fmt.Sprintf("%s/album?pictures=%d", base, 150+n%100)
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
