// Package watcher notices changes of a file.
package watcher

import (
	"bufio"
	"strings"
	"time"

	"configd/bus"
)

// lineMax is the longest line that the table of routes may have.
const lineMax = 64 << 10

// Watcher looks at a file in an interval and publishes its version.
type Watcher struct {
	file    string
	every   time.Duration
	events  *bus.EventBus
	version string
	// seen holds the readers by the time of the look, oldest first.
	seen []*source

	Looks   int
	Changes int
}

// New makes a watcher of file.
func New(file string, every time.Duration, events *bus.EventBus) *Watcher {
	return &Watcher{file: file, every: every, events: events}
}

// publish tells the bus when the first line of the file has changed.
func (w *Watcher) publish(lines *bufio.Reader) error {
	w.Looks++
	line, err := lines.ReadString('\n')
	if err != nil {
		return err
	}
	version := strings.TrimSpace(strings.TrimPrefix(line, "version "))
	if version != w.version {
		w.version = version
		w.Changes++
		w.events.Publish(bus.Event{Topic: "routes", Version: version})
	}
	return nil
}
