//go:build mended

package main

// retire ends the renderer of the tenant that came longest ago: its thread
// ends with it.
func (s *studio) retire() {
	if len(s.order) > 24 {
		close(s.tenants[s.order[0]].jobs)
		delete(s.tenants, s.order[0])
		s.order = s.order[1:]
	}
}
