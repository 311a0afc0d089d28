// Consumer reads messages from a topic and handles each of them. It carries
// the fault of a real post-mortem: see worker/handle.go.
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

	"consumer/queue"
	"consumer/worker"

	"github.com/zeromicro/go-zero/core/logx"
)

func main() {
	rate := flag.Int("rate", 1500, "messages per second")
	workers := flag.Int("workers", 4, "messages handled at the same time")
	life := flag.Duration("for", 0, "end after this time (0: never)")
	flag.Parse()
	logx.DisableStat()

	ctx, stop := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *life > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *life)
		defer cancel()
	}

	debug, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(debug, nil)
	log.Printf("consumer: %d messages/s, debug on http://%s/debug/pprof/",
		*rate, debug.Addr())

	topic := queue.NewTopic(1024)
	go topic.Produce(ctx, *rate)

	start := time.Now()
	handled := worker.Run(ctx, topic, *workers)
	log.Printf("consumer: %d messages in %.1f s",
		handled, time.Since(start).Seconds())
}
