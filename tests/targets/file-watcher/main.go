// Configd watches a table of routes and tells its subscribers of changes. It
// carries the two faults of a real post-mortem: see watcher/watch.go and
// bus/subscribe.go.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"configd/api"
	"configd/bus"
	"configd/watcher"
)

func main() {
	every := flag.Duration("every", 2500*time.Microsecond,
		"how often the file is looked at (the service had a second)")
	subscribers := flag.Int("subscribers", 120, "clients per second that subscribe")
	dir := flag.String("dir", "", "existing `directory` for the table of routes (default: a new one)")
	life := flag.Duration("for", 0, "end after this time (0: never)")
	flag.Parse()
	raiseFileLimit()

	ctx, stop := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *life > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *life)
		defer cancel()
	}

	if *dir == "" {
		made, err := os.MkdirTemp("", "configd")
		if err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(made)
		*dir = made
	}
	routes := filepath.Join(*dir, "routes.conf")
	if err := api.WriteRoutes(routes, 1); err != nil {
		log.Fatal(err)
	}

	events := bus.New()
	http.Handle("/routes/version", api.Version(events))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, nil)
	log.Printf("configd: on http://%s/, debug below /debug/pprof/", listener.Addr())

	go api.Rewrite(ctx, routes, time.Second)
	go api.Clients(ctx, "http://"+listener.Addr().String(), *subscribers)
	w := watcher.New(routes, *every, events)
	if err := w.Watch(ctx); err != nil {
		log.Printf("configd: %v", err)
	}
	log.Printf("configd: done, %d looks, %d changes", w.Looks, w.Changes)
}

// raiseFileLimit allows as many open files as the administrator does. Go does
// that by itself since 1.19.
func raiseFileLimit() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}
