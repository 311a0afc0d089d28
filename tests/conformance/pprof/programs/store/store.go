// SPDX-License-Identifier: Apache-2.0

// Package store has generic types, whose names carry brackets.
package store

// Store keeps values by key.
type Store[K comparable, V any] struct {
	values map[K]V
	order  []K
}

// New fills a store.
func New[K comparable, V any](count int, key K) *Store[K, V] {
	s := &Store[K, V]{values: make(map[K]V, count)}
	for i := 0; i < count; i++ {
		s.put(key, *new(V))
	}
	return s
}

//go:noinline
func (s *Store[K, V]) put(key K, value V) {
	s.values[key] = value
	s.order = append(s.order, apply(key, func(k K) K { return k }))
}

//go:noinline
func apply[T any](value T, f func(T) T) T { return f(value) }
