// Package pipeline spreads the pictures of an album over consumers.
package pipeline

import (
	"hash/crc32"
	"sync/atomic"
)

// consumers is how many pictures of one album are worked on at a time.
const consumers = 100

// Picture is one to be made smaller.
type Picture struct {
	Name string
	Seed uint32
}

// Album collects the results of one request.
type Album struct {
	pictures int64
	sum      uint32
}

// Pictures is how many thumbnails were made.
func (a *Album) Pictures() int64 { return atomic.LoadInt64(&a.pictures) }

// Sum is a checksum of all thumbnails.
func (a *Album) Sum() uint32 { return atomic.LoadUint32(&a.sum) }

// shrink makes the thumbnail of a picture in row, its scratch space.
func (a *Album) shrink(p Picture, row []byte) {
	x := p.Seed
	for i := range row {
		x = x*1664525 + 1013904223
		row[i] = byte(x >> 24)
	}
	atomic.AddUint32(&a.sum, crc32.ChecksumIEEE(row))
	atomic.AddInt64(&a.pictures, 1)
}
