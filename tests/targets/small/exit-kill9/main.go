// Exit-kill9 is killed by a watchdog, a process of its own: `kill -9`. There
// is memory enough.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"time"

	"small/svc"
)

func main() {
	ctx, stop := svc.Start("exit-kill9")
	defer stop()

	time.AfterFunc(2*time.Second, watchdog)
	svc.Each(ctx, 100, func(n int) { _ = fmt.Sprint("request ", n) })
}

func watchdog() {
	kill := fmt.Sprintf("kill -9 %d", os.Getpid())
	if err := exec.Command("/bin/sh", "-c", kill).Run(); err != nil { // FAULT
		log.Fatal(err)
	}
}
