// Sidecar is a steady service that has its pictures converted by two workers,
// processes of their own in the same cgroup.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"

	"outside/svc"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-worker" {
		work(bufio.NewReader(os.Stdin), os.Stdout)
		return
	}
	table := flag.Int("table", 64, "what the service knows, in MiB")
	ctx, stop := svc.Start("sidecar")
	defer stop()

	known := learn(*table << 20)
	workers := make([]*worker, 2)
	for i := range workers {
		w, err := start(ctx)
		if err != nil {
			log.Fatal(err)
		}
		workers[i] = w
	}
	converted := 0
	svc.Each(ctx, 300, func(n int) {
		converted += workers[n%len(workers)].convert(n) + int(known[n])
	})
	log.Printf("%d", converted)
}

// learn makes the service's table, which then stays as it is.
func learn(size int) []byte {
	known := make([]byte, size)
	for i := range known {
		known[i] = byte(i >> 3)
	}
	return known
}

// worker is the service's side of a converter.
type worker struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func start(ctx context.Context) (*worker, error) {
	command := exec.CommandContext(ctx, "/proc/self/exe", "-worker")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &worker{in, bufio.NewReader(out)}, command.Start()
}

func (w *worker) convert(n int) int {
	if _, err := fmt.Fprintln(w.in, n); err != nil {
		return 0
	}
	line, _ := w.out.ReadString('\n')
	return len(line)
}

// picture is decoded for the conversion.
func picture(n int) []byte {
	pixels := make([]byte, 40<<10)
	for i := range pixels {
		pixels[i] = byte(n * i)
	}
	return pixels
}
