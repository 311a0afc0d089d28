// Gc-headroom answers questions from an index that takes more than half of
// its memory. Nothing leaks: what is too large is the garbage that the
// collector lets pile up before its next cycle, as much as the live heap.
package main

import (
	"flag"
	"log"
	"strconv"

	"small/svc"
)

const blockBytes = 16 << 10

func main() {
	live := flag.Int("live", 140, "size of the index in MiB")
	rate := flag.Int("rate", 1200, "questions per second")
	ctx, stop := svc.Start("gc-headroom")
	defer stop()

	setUp()
	index := build(*live << 20 / blockBytes)
	log.Printf("index of %d MiB", *live)
	found := 0
	svc.Each(ctx, *rate, func(n int) {
		found += len(answer(index, n))
	})
	log.Printf("%d bytes of answers", found)
}

func build(blocks int) [][]byte {
	index := make([][]byte, blocks)
	for i := range index {
		index[i] = make([]byte, blockBytes)
		for j := range index[i] {
			index[i][j] = byte(i * j)
		}
	}
	return index
}

// answer copies a block of the index and puts a heading on it: 32 KiB of
// garbage for each question.
func answer(index [][]byte, question int) []byte {
	block := append([]byte(nil), index[question%len(index)]...)
	heading := "answer " + strconv.Itoa(question) + ": "
	return append([]byte(heading), block...)
}
