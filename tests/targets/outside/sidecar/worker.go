//go:build !mended

package main

import (
	"bufio"
	"fmt"
	"io"
)

// work converts pictures, and keeps each in case it is asked for again.
func work(in *bufio.Reader, out io.Writer) {
	seen := make(map[string][]byte)
	for n := 0; ; n++ {
		name, err := in.ReadString('\n')
		if err != nil {
			return
		}
		seen[name] = picture(n)
		fmt.Fprintln(out, len(seen[name]))
	}
}
