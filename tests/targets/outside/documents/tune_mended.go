//go:build mended

package main

import "runtime/debug"

// tune tells the runtime what it may use.
func tune() { debug.SetMemoryLimit(108 << 20) }
