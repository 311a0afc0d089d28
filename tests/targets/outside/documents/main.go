// Documents keeps a catalogue in memory and answers with pages of it as JSON.
// The catalogue fits; what the answers leave behind between two collections
// does not.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"strconv"
	"strings"

	"outside/svc"
)

// document is an entry of the catalogue.
type document struct {
	ID    int      `json:"id"`
	Title string   `json:"title"`
	Tags  []string `json:"tags"`
	Text  string   `json:"text"`
}

type catalogue struct {
	documents []*document
	pageSize  int
}

func main() {
	live := flag.Int("live", 70, "size of the catalogue in MiB")
	rate := flag.Int("rate", 900, "pages per second")
	ctx, stop := svc.Start("documents")
	defer stop()

	tune()
	c := load(*live << 10)
	log.Printf("%d documents", len(c.documents))
	sent := 0
	svc.Each(ctx, *rate, func(n int) {
		page, err := c.page(n)
		if err != nil {
			log.Fatal(err)
		}
		sent += len(page)
	})
	log.Printf("%d bytes sent", sent)
}

// load makes a catalogue of documents of nearly 1 KiB each.
func load(count int) *catalogue {
	c := &catalogue{pageSize: 20}
	for i := 0; i < count; i++ {
		c.documents = append(c.documents, &document{
			ID:    i,
			Title: "Document " + strconv.Itoa(i),
			Tags:  []string{"tag-" + strconv.Itoa(i%7), "archive"},
			Text:  strings.Repeat("lorem ipsum ", 70),
		})
	}
	return c
}

// page is the n-th page, as JSON.
func (c *catalogue) page(n int) ([]byte, error) {
	first := n * c.pageSize % (len(c.documents) - c.pageSize)
	return json.Marshal(c.documents[first : first+c.pageSize])
}
