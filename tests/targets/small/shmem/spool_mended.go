//go:build mended

package main

import "os"

const batchesMax = 30

// spool holds the newest batches.
type spool struct {
	files []*os.File
}

func (s *spool) pass(n int, batch []byte) error {
	f, err := newFile(n)
	if err != nil {
		return err
	}
	s.files = append(s.files, f)
	if len(s.files) > batchesMax {
		if err := s.files[0].Close(); err != nil {
			return err
		}
		s.files = s.files[1:]
	}
	_, err = f.Write(batch)
	return err
}
