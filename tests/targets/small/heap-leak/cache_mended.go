//go:build mended

package main

const pagesMax = 1000

// cache holds the newest pages by their address.
type cache struct {
	pages  map[string][]byte
	oldest []string
}

func newCache() *cache {
	return &cache{pages: make(map[string][]byte)}
}

func (c *cache) remember(address string, page []byte) {
	c.pages[address] = append([]byte(nil), page...)
	c.oldest = append(c.oldest, address)
	if len(c.oldest) > pagesMax {
		delete(c.pages, c.oldest[0])
		c.oldest = c.oldest[1:]
	}
}
