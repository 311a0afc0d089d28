// SPDX-License-Identifier: Apache-2.0

//go:build go1.24

package main

import "runtime"

func init() {
	extras = append(extras, func() {
		for i := 0; i < 5; i++ {
			n := &node{}
			runtime.AddCleanup(n, func(int) {}, i)
			held = append(held, n)
		}
	})
}
