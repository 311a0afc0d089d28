// Limit-too-low loads a table at the start and grows no more. The table is
// larger than the limit: the twin of this program is a larger limit.
package main

import (
	"flag"
	"hash/crc32"
	"log"

	"small/svc"
)

const pageBytes = 64 << 10

func main() {
	size := flag.Int("table", 300, "size of the table in MiB")
	ctx, stop := svc.Start("limit-too-low")
	defer stop()

	table := loadTable(*size << 20 / pageBytes)
	log.Printf("table of %d MiB is loaded", *size)
	var sum uint32
	svc.Each(ctx, 500, func(n int) {
		sum += crc32.ChecksumIEEE(table[n%len(table)])
	})
	log.Printf("sum %08x", sum)
}

// loadTable makes the table page by page; each takes some work, as decoding
// would: some 150 MiB a second.
func loadTable(pages int) [][]byte {
	table := make([][]byte, 0, pages)
	for n := 0; n < pages; n++ {
		page := make([]byte, pageBytes) // FAULT
		for round := 0; round < 12; round++ {
			for i := range page {
				page[i] = page[i]*31 + byte(n^i)
			}
		}
		table = append(table, page)
	}
	return table
}
