// Outbox hands mails to a mail server through a spool directory in /dev/shm:
// that is faster than the disk.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"outside/svc"
)

// outbox is the spool; the mail server reads the files and says so.
type outbox struct {
	dir  string
	sent int
}

func main() {
	rate := flag.Int("rate", 500, "mails per second")
	dir := flag.String("dir", "/dev/shm", "where the spool is made")
	ctx, stop := svc.Start("outbox")
	defer stop()

	spool, err := os.MkdirTemp(*dir, "outbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(spool)
	o := &outbox{dir: spool}
	svc.Each(ctx, *rate, func(n int) {
		if err := o.send(n, mail(n)); err != nil {
			log.Fatal(err)
		}
	})
	log.Printf("%d mails", o.sent)
}

func mail(n int) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "To: customer-%d@example.org\r\n\r\n", n)
	for line := 0; text.Len() < 48<<10; line++ {
		fmt.Fprintf(&text, "%d: your invoice is attached\r\n", line)
	}
	return text.Bytes()
}

func (o *outbox) write(n int, text []byte) (string, error) {
	name := filepath.Join(o.dir, fmt.Sprintf("%08d.eml", n))
	return name, os.WriteFile(name, text, 0o600) // FAULT
}

// delivered is the mail server's word that it has read the file.
func (o *outbox) delivered(name string) { o.sent++ }
