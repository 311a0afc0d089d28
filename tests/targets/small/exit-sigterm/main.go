// Exit-sigterm is told to end by SIGTERM, waits for a job that never ends, and
// is killed by SIGKILL two seconds later, as an orchestrator does it.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"sync"
	"time"

	"small/svc"
)

func main() {
	ctx, stop := svc.Start("exit-sigterm")
	defer stop()

	time.AfterFunc(2*time.Second, orchestrator)
	jobs := &sync.WaitGroup{}
	jobs.Add(1)
	go func() {
		defer jobs.Done()
		job(make(chan string))
	}()
	svc.Each(ctx, 100, func(n int) { _ = fmt.Sprint("request ", n) })
	log.Print("SIGTERM: waiting for the job")
	jobs.Wait() // FAULT
}

// job asks for results that nobody sends.
func job(results <-chan string) {
	log.Print(<-results)
}

func orchestrator() {
	pid := os.Getpid()
	end := fmt.Sprintf("kill -TERM %d; sleep 2; kill -KILL %d", pid, pid)
	if err := exec.Command("/bin/sh", "-c", end).Run(); err != nil {
		log.Fatal(err)
	}
}
