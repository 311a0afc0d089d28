// Exit-panic ends by a panic in a goroutine: a map that nobody made.
package main

import (
	"fmt"
	"time"

	"small/svc"
)

type counters struct {
	byName map[string]int
}

func main() {
	ctx, stop := svc.Start("exit-panic")
	defer stop()

	c := &counters{}
	time.AfterFunc(2*time.Second, func() { c.count("first") })
	svc.Each(ctx, 100, func(n int) { _ = fmt.Sprint("request ", n) })
}

func (c *counters) count(name string) {
	c.byName[name]++ // FAULT
}
