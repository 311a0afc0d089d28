//go:build mended

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
// may have been replaced, and closes it; one reader serves all.
func (w *Watcher) Watch(ctx context.Context) error {
	w.seen = []*source{{lines: bufio.NewReaderSize(nil, lineMax)}}
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := w.look(w.seen[0]); err != nil {
			return err
		}
	}
}

func (w *Watcher) look(s *source) error {
	file, err := os.Open(w.file)
	if err != nil {
		return err
	}
	defer file.Close()
	s.lines.Reset(file)
	return w.publish(s.lines)
}
