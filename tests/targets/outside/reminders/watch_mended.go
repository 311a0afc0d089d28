//go:build mended

package main

import "time"

// watch gives the order up after an hour, unless it was confirmed.
func (d *desk) watch(number int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.open[number]
	d.watches[number] = time.AfterFunc(time.Hour, func() { d.giveUp(o) })
}

func (d *desk) confirm(number int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watches[number].Stop()
	delete(d.watches, number)
	delete(d.open, number)
}
