// SPDX-License-Identifier: Apache-2.0

//go:build cgo && !nocgocode

package main

/*
#include <unistd.h>

extern void goCallback(int n);

static void through(int n) { goCallback(n); }
static void stay(int fd) { char c; read(fd, &c, 1); }
*/
import "C"

import "syscall"

//export goCallback
func goCallback(n C.int) {
	if n > 0 {
		C.through(n - 1)
		return
	}
	arrive()
	<-forever
}

func init() {
	extras = append(extras, func() {
		park(func() { C.through(0) })
		park(func() { C.through(3) })
		park(func() { defer stay(); panicInCallback() })
		var ends [2]int
		must(syscall.Pipe(ends[:]))
		park(func() { arrive(); C.stay(C.int(ends[0])) })
	})
}

//go:noinline
func panicInCallback() { C.through(0) }
