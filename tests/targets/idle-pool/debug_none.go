//go:build nopprof

package main

// serveDebug: this build has no debug pages.
func serveDebug() string { return "nowhere" }
