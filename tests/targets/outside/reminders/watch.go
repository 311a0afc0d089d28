//go:build !mended

package main

import "time"

// watch gives the order up after an hour. The timer, and with it the order,
// stays for that hour even when it is confirmed.
func (d *desk) watch(number int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.open[number]
	time.AfterFunc(time.Hour, func() { d.giveUp(o) }) // FAULT
}

func (d *desk) confirm(number int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, number)
}
