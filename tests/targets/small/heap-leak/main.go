// Heap-leak renders pages and remembers them, so as not to render them again.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"

	"small/svc"
)

func main() {
	rate := flag.Int("rate", 1000, "pages per second")
	ctx, stop := svc.Start("heap-leak")
	defer stop()

	c := newCache()
	var scratch bytes.Buffer
	svc.Each(ctx, *rate, func(n int) {
		// The session makes each address another: a hit is rare.
		address := fmt.Sprintf("/item/%d?session=%08x", n%500, n*2654435761)
		if _, found := c.pages[address]; found {
			return
		}
		c.remember(address, render(&scratch, address))
	})
	log.Printf("%d pages", len(c.pages))
}

func render(scratch *bytes.Buffer, address string) []byte {
	scratch.Reset()
	fmt.Fprintf(scratch, "<h1>%s</h1>", address)
	for i := 0; scratch.Len() < 20<<10; i++ {
		fmt.Fprintf(scratch, "<p>paragraph %d of the page %s</p>\n", i, address)
	}
	return scratch.Bytes()
}
