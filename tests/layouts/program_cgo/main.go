// SPDX-License-Identifier: Apache-2.0

// C's own DWARF stands between that of Go in this program.
package main

// #include <stdlib.h>
// static int twice(int n) { return 2 * n; }
import "C"

import (
	"os"
	"time"
)

func main() {
	C.free(C.malloc(8))
	time.Sleep(time.Duration(C.twice(C.int(len(os.Args)))))
}
