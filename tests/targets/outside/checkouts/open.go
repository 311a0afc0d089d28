//go:build !mended

package main

func (d *desk) open(n int) {
	d.carts[n] = &cart{id: n} // FAULT
}

// pay takes the cart's money, and leaves the cart where it is.
func (d *desk) pay(n int) {
	d.carts[n].items[0]++
}
