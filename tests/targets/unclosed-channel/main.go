// Thumbs makes thumbnails of the pictures of an album, a hundred at a time.
// It carries the fault of a real post-mortem: see pipeline/run.go.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"thumbs/api"
	"thumbs/load"
)

func main() {
	rate := flag.Int("rate", 80, "requests per second")
	life := flag.Duration("for", 0, "end after this time (0: never)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *life > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *life)
		defer cancel()
	}

	http.HandleFunc("/album", api.Album)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, nil)
	log.Printf("thumbs: on http://%s/, debug below /debug/pprof/", listener.Addr())

	load.Run(ctx, "http://"+listener.Addr().String(), *rate)
	log.Print("thumbs: done")
}
