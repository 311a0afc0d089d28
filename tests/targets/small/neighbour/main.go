// Neighbour is a steady service with helpers in the same cgroup that grow.
// With four helpers each is smaller than the service when the limit is
// reached, and the kernel kills the service; with -helpers 1 the helper, which
// is started again.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/exec"
	"strconv"
	"time"

	"small/svc"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "helper" {
		pause, err := time.ParseDuration(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		helper(pause)
		return
	}
	helpers := flag.Int("helpers", 4, "how many helpers to start")
	table := flag.Int("table", 90, "what the service holds, in MiB")
	ctx, stop := svc.Start("neighbour")
	defer stop()

	held := load(*table << 20)
	for i := 0; i < *helpers; i++ {
		// All helpers together grow by 25 MiB a second.
		go keep(ctx, i, time.Duration(*helpers)*10*time.Millisecond)
	}
	sum := 0
	svc.Each(ctx, 200, func(n int) { sum += look(held, n) })
	log.Printf("sum %d", sum)
}

// load fills the service's table, which then stays as it is.
func load(size int) []byte {
	held := make([]byte, size)
	for i := range held {
		held[i] = byte(i)
	}
	return held
}

func look(held []byte, n int) int {
	answer := "entry " + strconv.Itoa(int(held[n*4099%len(held)]))
	return len(answer)
}

// keep runs a helper and starts it again when it has ended. The pipe tells
// the helper when the service is no more.
func keep(ctx context.Context, number int, pause time.Duration) {
	for ctx.Err() == nil {
		command := exec.CommandContext(ctx, "/proc/self/exe",
			"helper", pause.String())
		command.Stderr = os.Stderr
		if _, err := command.StdinPipe(); err != nil {
			log.Fatal(err)
		}
		err := command.Run()
		if ctx.Err() == nil {
			log.Printf("helper %d: %v", number, err)
			time.Sleep(time.Second)
		}
	}
}
