// Limit-too-low loads a table at the start and grows no more. The table is
// larger than the limit: the twin of this program is a larger limit.
package main

import (
	"flag"
	"hash/crc32"
	"log"
	"time"

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

// loadTable reads the table at the pace of a disk: 150 MiB a second.
func loadTable(pages int) [][]byte {
	table := make([][]byte, 0, pages)
	for n := 0; n < pages; n++ {
		page := make([]byte, pageBytes) // FAULT
		for i := range page {
			page[i] = byte(n ^ i)
		}
		table = append(table, page)
		if n%24 == 23 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return table
}
