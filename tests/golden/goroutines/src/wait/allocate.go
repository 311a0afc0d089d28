package wait

type node struct {
	next *node
	data [1000]byte
}

func list(n int) *node {
	var head *node
	for i := 0; i < n; i++ {
		head = &node{next: head}
	}
	return head
}

func table(n int) map[int][]byte {
	m := make(map[int][]byte)
	for i := 0; i < n; i++ {
		m[i] = make([]byte, 300_000)
	}
	return m
}

// Allocate gives what has to be kept alive; as much again is garbage.
func Allocate() []any {
	list(10_000)
	return []any{list(10_000), table(40)}
}
