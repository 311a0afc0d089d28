// Exit-status ends by os.Exit(3): a licence that has run out.
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	"small/svc"
)

func main() {
	ctx, stop := svc.Start("exit-status")
	defer stop()

	time.AfterFunc(2*time.Second, checkLicence)
	svc.Each(ctx, 100, func(n int) { _ = fmt.Sprint("request ", n) })
}

func checkLicence() {
	log.Print("the licence has run out")
	os.Exit(3) // FAULT
}
