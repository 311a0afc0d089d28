//go:build !nopprof

package main

import _ "net/http/pprof"
