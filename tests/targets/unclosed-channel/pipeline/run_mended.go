//go:build mended

package pipeline

import "sync"

// Run makes the thumbnails of an album. It returns when all pictures are
// done, and tells the consumers so.
func Run(pictures []Picture) *Album {
	album := &Album{}
	var done sync.WaitGroup
	done.Add(len(pictures))
	work := make(chan Picture)
	defer close(work)
	for i := 0; i < consumers; i++ {
		go consumer(album, work, &done)
	}
	for _, p := range pictures {
		work <- p
	}
	done.Wait()
	return album
}

func consumer(album *Album, work <-chan Picture, done *sync.WaitGroup) {
	row := make([]byte, 1024)
	for p := range work {
		album.shrink(p, row)
		done.Done()
	}
}
