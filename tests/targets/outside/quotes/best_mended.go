//go:build mended

package main

// best is the first answer. There is room for the others.
func (b *board) best(request int) quote {
	answers := make(chan quote, b.suppliers)
	for i := 0; i < b.suppliers; i++ {
		go func(supplier int) {
			answers <- ask(supplier, request)
		}(i)
	}
	return <-answers
}
