// Package load is the clients: small queries all the time, and the export.
package load

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"
)

// Run asks perSecond small queries each second until ctx ends, and for the
// export once, exportAfter the start.
func Run(ctx context.Context, base string, perSecond int, exportAfter time.Duration) {
	time.AfterFunc(exportAfter, func() {
		start := time.Now()
		if err := get(ctx, base+"/orders/export"); err != nil {
			log.Printf("export: %v", err)
			return
		}
		log.Printf("export: %.1f s", time.Since(start).Seconds())
	})
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for customer := 0; ; customer++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		url := fmt.Sprintf("%s/orders?customer=%d", base, customer%50000)
		if err := get(ctx, url); err != nil && ctx.Err() == nil {
			log.Printf("query: %v", err)
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
