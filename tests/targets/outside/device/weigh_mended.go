//go:build mended

package main

// weigh does not wait for the scales, but only some parcels may stand in front
// of them.
func (s *scales) weigh(parcel int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == 16 {
		return errBusy
	}
	s.waiting++
	go func() {
		s.read(parcel)
		s.mu.Lock()
		s.waiting--
		s.mu.Unlock()
	}()
	return nil
}
