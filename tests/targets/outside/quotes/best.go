//go:build !mended

package main

// best is the first answer. Nobody takes the others.
func (b *board) best(request int) quote {
	answers := make(chan quote)
	for i := 0; i < b.suppliers; i++ {
		go func(supplier int) { // FAULT-GO
			answers <- ask(supplier, request) // FAULT
		}(i)
	}
	return <-answers
}
