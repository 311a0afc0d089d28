//go:build !mended

package main

// cache holds pages by their address, for ever.
type cache struct {
	pages map[string][]byte
}

func newCache() *cache {
	return &cache{pages: make(map[string][]byte)}
}

func (c *cache) remember(address string, page []byte) {
	c.pages[address] = append([]byte(nil), page...) // FAULT
}
