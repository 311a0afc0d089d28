//go:build !mended

package main

// tune leaves the collector as it is.
func tune() {}
