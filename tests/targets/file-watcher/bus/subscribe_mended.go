//go:build mended

package bus

// Subscribe returns a channel on which the newest event of a topic comes. It
// has room for the event: the sender never waits for a receiver.
func (b *EventBus) Subscribe(topic string) <-chan Event {
	events := make(chan Event, 1)
	b.count(topic, 1)
	go func() {
		defer b.count(topic, -1)
		events <- b.Newest(topic)
	}()
	return events
}
