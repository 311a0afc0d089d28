// Goroutine-burst sends newsletters. A campaign is small as a rule; then one
// goes to everybody.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"small/svc"
)

// letter is what the slow mail server is to get.
type letter struct {
	to   int
	text bytes.Buffer
}

var sent int64

func main() {
	usual := flag.Int("usual", 300, "receivers of a usual campaign")
	everybody := flag.Int("everybody", 400000, "receivers of the large one")
	after := flag.Duration("after", 3*time.Second, "when the large one starts")
	ctx, stop := svc.Start("goroutine-burst")
	defer stop()

	time.AfterFunc(*after, func() { campaign(ctx, *everybody) })
	svc.Each(ctx, 2, func(int) { go campaign(ctx, *usual) })
	log.Printf("%d letters", atomic.LoadInt64(&sent))
}

// deliver hands a letter over: the mail server is asked again until it has
// time, which takes some seconds.
func deliver(ctx context.Context, to int) {
	l := &letter{to: to}
	fmt.Fprintf(&l.text, "Dear customer %d,\n%1500s\n", to, "news")
	for try := 0; try < 5; try++ {
		time.Sleep(400 * time.Millisecond) // FAULT-SLEEP
		if ctx.Err() != nil {
			return
		}
	}
	if l.text.Len() > 0 {
		atomic.AddInt64(&sent, 1)
	}
}
