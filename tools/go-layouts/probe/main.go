// SPDX-License-Identifier: Apache-2.0

// The linker describes only the types that a program reaches: this one reaches
// all that go_fields.def names. It is built, never run.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

func main() {
	labels := pprof.Labels("key", "value")
	pprof.Do(context.Background(), labels, func(ctx context.Context) {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		mutex := new(sync.RWMutex)
		cond := sync.NewCond(mutex)
		runtime.SetFinalizer(cond, func(*sync.Cond) {})
		runtime.LockOSThread()
		file, err := os.Open(map[string]string{}["name"])
		println(file, err)
		for _, profile := range pprof.Profiles() {
			profile.WriteTo(os.Stdout, 2)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
		defer func() { println(recover()) }()
		cond.Wait()
	})
}
