// Exit-stack ends by Go's own limit of a stack: a tree that contains itself.
package main

import (
	"fmt"
	"runtime/debug"
	"time"

	"small/svc"
)

type node struct {
	name     string
	children []*node
}

func main() {
	ctx, stop := svc.Start("exit-stack")
	defer stop()

	// The default of 1 GB is above the limits that the tests set.
	debug.SetMaxStack(64 << 20)
	root := &node{name: "root"}
	root.children = []*node{{name: "leaf"}, root}
	time.AfterFunc(2*time.Second, func() { fmt.Println(depth(root)) })
	svc.Each(ctx, 100, func(n int) { _ = fmt.Sprint("request ", n) })
}

func depth(n *node) int {
	deepest := 0
	for _, child := range n.children {
		if d := depth(child); d > deepest { // FAULT
			deepest = d
		}
	}
	return deepest + 1
}
