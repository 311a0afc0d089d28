// Package bus passes events from publishers to subscribers.
package bus

import "sync"

// Event says that a topic has a new version.
type Event struct {
	Topic   string
	Version string
}

// EventBus knows the newest event of each topic and who wants to hear.
type EventBus struct {
	mu          sync.Mutex
	newest      map[string]Event
	subscribers map[string]int
}

// New makes an empty bus.
func New() *EventBus {
	return &EventBus{
		newest:      make(map[string]Event),
		subscribers: make(map[string]int),
	}
}

// Publish makes e the newest event of its topic.
func (b *EventBus) Publish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.newest[e.Topic] = e
}

// Newest returns the newest event of a topic.
func (b *EventBus) Newest(topic string) Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.newest[topic]
}

func (b *EventBus) count(topic string, by int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers[topic] += by
}
