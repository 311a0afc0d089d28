//go:build !mended

package main

// label is the path as it is.
func label(path string) string { return path }

func newSeries(method, path string) *series {
	return &series{labels: map[string]string{ // FAULT
		"method": method, "path": path, "zone": "eu-1",
	}}
}
