package api

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

// WriteRoutes replaces the table of routes: a line with its version, then
// some 90 KiB of routes.
func WriteRoutes(file string, version int) error {
	var text strings.Builder
	fmt.Fprintf(&text, "version %d\n", version)
	for i := 0; i < 1500; i++ {
		fmt.Fprintf(&text, "/service/%04d/* 10.%d.%d.%d:8080 weight=%d timeout=1500ms\n",
			i, i>>8, i&255, i*7&255, i%100)
	}
	part := file + ".part"
	if err := os.WriteFile(part, []byte(text.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(part, file)
}

// Rewrite gives the table of routes a new version in an interval.
func Rewrite(ctx context.Context, file string, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for version := 2; ; version++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := WriteRoutes(file, version); err != nil && ctx.Err() == nil {
			log.Printf("routes: %v", err)
		}
	}
}

// Clients asks perSecond times a second whether the version has changed.
func Clients(ctx context.Context, base string, perSecond int) {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	known := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		answer, err := get(ctx, base+"/routes/version?known="+known)
		if err != nil {
			if ctx.Err() == nil {
				log.Printf("client: %v", err)
			}
			continue
		}
		if strings.HasPrefix(answer, "reload ") {
			known = strings.TrimSpace(strings.TrimPrefix(answer, "reload "))
		}
	}
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
