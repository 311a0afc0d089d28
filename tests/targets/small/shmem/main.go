// Shmem passes batches to another program through files in /dev/shm, or with
// -memfd through memory without a name. They are charged to the cgroup, but
// are nowhere in the process.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"small/svc"
)

const batchBytes = 1 << 20

var memfd = flag.Bool("memfd", false, "memfd_create instead of /dev/shm")

func main() {
	rate := flag.Int("rate", 25, "batches per second")
	ctx, stop := svc.Start("shmem")
	defer stop()

	batch := make([]byte, batchBytes)
	s := &spool{}
	svc.Each(ctx, *rate, func(n int) {
		for i := range batch {
			batch[i] = byte(n + i)
		}
		if err := s.pass(n, batch); err != nil {
			log.Fatal(err)
		}
	})
	log.Printf("%d batches in the spool", len(s.files))
}

// newFile makes a file that goes away with its last descriptor: a kill must
// not leave 200 MiB behind.
func newFile(n int) (*os.File, error) {
	name := fmt.Sprintf("spool-%d-%d", os.Getpid(), n)
	if *memfd {
		return newMemfd(name)
	}
	f, err := os.OpenFile("/dev/shm/"+name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

func newMemfd(name string) (*os.File, error) {
	call, known := map[string]uintptr{"amd64": 319, "arm64": 279}[runtime.GOARCH]
	if !known {
		return nil, fmt.Errorf("no memfd_create known for %s", runtime.GOARCH)
	}
	cname, err := syscall.BytePtrFromString(name)
	if err != nil {
		return nil, err
	}
	fd, _, errno := syscall.Syscall(call, uintptr(unsafe.Pointer(cname)), 0, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("memfd_create", errno)
	}
	return os.NewFile(fd, "memfd:"+name), nil
}
