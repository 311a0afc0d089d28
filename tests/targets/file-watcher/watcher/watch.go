//go:build !mended

package watcher

import (
	"bufio"
	"context"
	"os"
	"time"
)

// source is an open file with its reader.
type source struct {
	file  *os.File
	lines *bufio.Reader
}

// Watch looks at the file until ctx ends. Each look opens it again, for it
// may have been replaced; nobody closes what was open before.
func (w *Watcher) Watch(ctx context.Context) error {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		file, err := os.Open(w.file) // FAULT-OPEN
		if err != nil {
			return err
		}
		lines := bufio.NewReaderSize(file, lineMax) // FAULT-READER
		w.seen = append(w.seen, &source{file, lines})
		if err := w.publish(lines); err != nil {
			return err
		}
	}
}
