//go:build mended

package main

import "strings"

// label is the path without what is different for each customer.
func label(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) > 2 {
		parts[2] = ":id"
	}
	return strings.Join(parts, "/")
}

func newSeries(method, path string) *series {
	return &series{labels: map[string]string{
		"method": method, "path": path, "zone": "eu-1",
	}}
}
