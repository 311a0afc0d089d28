//go:build !mended

package pipeline

import "sync"

// Run makes the thumbnails of an album. It returns when all pictures are
// done; the consumers wait on for pictures, since nobody closes the channel.
func Run(pictures []Picture) *Album {
	album := &Album{}
	var done sync.WaitGroup
	done.Add(len(pictures))
	work := make(chan Picture)
	for i := 0; i < consumers; i++ {
		go consumer(album, work, &done) // FAULT-GO
	}
	for _, p := range pictures {
		work <- p
	}
	done.Wait()
	return album
}

func consumer(album *Album, work <-chan Picture, done *sync.WaitGroup) {
	row := make([]byte, 1024)
	for p := range work { // FAULT
		album.shrink(p, row)
		done.Done()
	}
}
