//go:build !nopprof

package main

import (
	"net/http"
	"net/http/pprof"
)

// serveDebug: the service and its debug pages have a listener each.
func serveDebug() string {
	debug := http.NewServeMux()
	debug.HandleFunc("/debug/pprof/", pprof.Index)
	debug.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	debug.HandleFunc("/debug/pprof/profile", pprof.Profile)
	debug.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	debug.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return serve(debug)
}
