// Lookup answers from shards: files that are mapped, and locked into memory so
// that no answer has to wait for the disk.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"syscall"

	"outside/svc"
)

const shardBytes = 2 << 20

// store has the shards that are in use.
type store struct {
	dir    string
	shards [][]byte
	keep   int
}

func main() {
	rate := flag.Int("rate", 8, "new shards per second")
	dir := flag.String("dir", "", "where the shards are made (default: the system's)")
	ctx, stop := svc.Start("lookup")
	defer stop()

	made, err := os.MkdirTemp(*dir, "lookup")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(made)
	s := &store{dir: made, keep: 12}
	found := 0
	svc.Each(ctx, *rate, func(n int) {
		name, err := s.build(n)
		if err == nil {
			err = s.open(name)
		}
		if err != nil {
			log.Fatal(err)
		}
		found += s.find(n)
	})
	log.Printf("%d shards, %d", len(s.shards), found)
}

// build stands for the job that makes shards elsewhere.
func (s *store) build(n int) (string, error) {
	name := filepath.Join(s.dir, fmt.Sprintf("shard-%06d", n))
	file, err := os.Create(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	page := make([]byte, 64<<10)
	for i := 0; i < shardBytes/len(page); i++ {
		page[0] = byte(n + i)
		if _, err := file.Write(page); err != nil {
			return "", err
		}
	}
	return name, nil
}

// open maps a shard and locks it; its name is not needed any more.
func (s *store) open(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	defer os.Remove(name)
	shard, err := syscall.Mmap(int(file.Fd()), 0, shardBytes,
		syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	if err := syscall.Mlock(shard); err != nil { // FAULT
		return err
	}
	s.shards = append(s.shards, shard)
	s.retire()
	return nil
}

func (s *store) find(n int) int {
	shard := s.shards[n%len(s.shards)]
	return int(shard[n*4096%len(shard)])
}
