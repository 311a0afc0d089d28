// SPDX-License-Identifier: Apache-2.0

// An allocation-heavy program that measures itself, and what its parent used
// meanwhile: one line "allocations/s, parent's peak kB, parent's CPU ms".
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type node struct {
	next  *node
	bytes [48]byte
}

var kept [1 << 12]*node // so that the collector has something to mark

// churn allocates until the time is over; says how often.
func churn(worker int, length time.Duration) int {
	count := 0
	for end := time.Now().Add(length); time.Now().Before(end); {
		for i := 0; i < 1000; i++ {
			slot := (count*7 + i + worker*1024) & (len(kept)/4 - 1)
			n := &node{}
			if i&3 == 0 {
				n.next = &node{}
			}
			kept[worker*len(kept)/4+slot] = n
		}
		count += 1250
	}
	return count
}

func run(workers int, length time.Duration) int {
	done := make(chan int)
	for w := 0; w < workers; w++ {
		go func(w int) { done <- churn(w, length) }(w)
	}
	total := 0
	for w := 0; w < workers; w++ {
		total += <-done
	}
	return total
}

// parentField reads a line of /proc/PPID/status, in kB.
func parentField(name string) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", os.Getppid()))
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+":") {
			n, _ := strconv.Atoi(strings.Fields(line)[1])
			return n
		}
	}
	return 0
}

// parentCPU is user and system time in milliseconds.
func parentCPU() int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", os.Getppid()))
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return (user + system) * 10
}

func main() {
	length := flag.Duration("for", 3*time.Second, "how long to measure")
	warm := flag.Duration("warm", time.Second, "how long before that")
	workers := flag.Int("workers", 1, "goroutines that allocate, at most 4")
	flag.Parse()
	run(*workers, *warm)
	before := parentCPU()
	count := run(*workers, *length)
	fmt.Printf("%.0f %d %d\n", float64(count)/length.Seconds(),
		parentField("VmHWM"), parentCPU()-before)
}
