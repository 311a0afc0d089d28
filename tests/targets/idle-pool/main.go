// Gateway hands requests to upstream servers over a pool of connections. It
// carries the fault of a real post-mortem: see pool/get.go.
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
	"time"

	"gateway/api"
	"gateway/client"
	"gateway/pool"
)

func main() {
	rate := flag.Int("rate", 100, "requests per second")
	zeroAfter := flag.Duration("zero-after", 2500*time.Millisecond,
		"when a client sends timeout=0")
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

	debugAddr := serveDebug()
	serviceAddr := serve(api.New(pool.New(8)))
	log.Printf("gateway: on http://%s/, debug on http://%s/debug/pprof/",
		serviceAddr, debugAddr)

	client.Run(ctx, "http://"+serviceAddr, *rate, *zeroAfter)
	log.Print("gateway: done")
}

func serve(handler http.Handler) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, handler)
	return listener.Addr().String()
}
