//go:build !mended

package bus

// Subscribe returns a channel on which the newest event of a topic comes. The
// goroutine that sends it waits for a receiver, and a caller that has lost
// its interest never receives.
func (b *EventBus) Subscribe(topic string) <-chan Event {
	events := make(chan Event)
	b.count(topic, 1)
	go func() { // FAULT-GO
		defer b.count(topic, -1)
		events <- b.Newest(topic) // FAULT-SEND
	}()
	return events
}
