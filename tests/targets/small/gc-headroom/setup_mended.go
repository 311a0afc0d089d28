//go:build mended

package main

import "runtime/debug"

// setUp allows garbage of a third of the live heap. GOMEMLIMIT would be
// better; Go 1.18 has none.
func setUp() { debug.SetGCPercent(33) }
