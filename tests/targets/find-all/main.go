// Orders serves the orders of a shop from an embedded SQL database. It
// carries the fault of a real post-mortem: see store/export.go.
//
//	orders -seed FILE    makes the database (two million orders) and ends
//	orders -db FILE      serves it, with clients of its own
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

	"orders/api"
	"orders/load"
	"orders/store"
)

func main() {
	seed := flag.String("seed", "", "make the database `FILE` and end")
	rows := flag.Int("rows", 2000000, "orders that -seed makes")
	db := flag.String("db", "", "database `FILE` to serve")
	rate := flag.Int("rate", 50, "small queries per second")
	exportAfter := flag.Duration("export-after", 2*time.Second,
		"when a client asks for the export")
	life := flag.Duration("for", 0, "end after this time (0: never)")
	flag.Parse()

	if *seed != "" {
		start := time.Now()
		if err := store.Seed(*seed, *rows); err != nil {
			log.Fatalf("orders: seed: %v", err)
		}
		log.Printf("orders: %d rows in %.1f s", *rows, time.Since(start).Seconds())
		return
	}
	if *db == "" {
		log.Fatal("orders: -db FILE is missing; -seed FILE makes one")
	}

	ctx, stop := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *life > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *life)
		defer cancel()
	}

	repository, err := store.Open(*db)
	if err != nil {
		log.Fatalf("orders: %v", err)
	}
	http.Handle("/orders", api.ByCustomer(repository))
	http.Handle("/orders/export", api.Export(repository))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	// The service and net/http/pprof share a listener here.
	go http.Serve(listener, nil)
	log.Printf("orders: on http://%s/, debug below /debug/pprof/", listener.Addr())

	load.Run(ctx, "http://"+listener.Addr().String(), *rate, *exportAfter)
	log.Print("orders: done")
}
