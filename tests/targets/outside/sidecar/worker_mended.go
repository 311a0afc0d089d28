//go:build mended

package main

import (
	"bufio"
	"fmt"
	"io"
)

// work converts pictures.
func work(in *bufio.Reader, out io.Writer) {
	for n := 0; ; n++ {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
		fmt.Fprintln(out, len(picture(n)))
	}
}
