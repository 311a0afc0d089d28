// SPDX-License-Identifier: Apache-2.0

//go:build go1.23

package main

import "iter"

func numbers(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

func init() {
	extras = append(extras, func() {
		park(func() {
			for n := range numbers {
				if n == 2 {
					arrive()
					<-forever
				}
			}
		})
		park(func() {
			next, stop := iter.Pull(iter.Seq[int](numbers))
			defer stop()
			next()
			arrive()
			<-forever
		})
		park(func() {
			next, _ := iter.Pull(func(yield func(int) bool) {
				arrive()
				<-forever
			})
			next()
		})
	})
}
