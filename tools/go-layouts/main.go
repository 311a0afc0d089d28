// SPDX-License-Identifier: Apache-2.0

// go-layouts reads the layouts of the Go runtime's structs out of the DWARF
// of Go programs, and makes src/target/go_layouts_table.c of them.
//
//	go-layouts extract FIELDS.def ELF             one line per row
//	go-layouts table FIELDS.def DIR/go1.N.P-ARCH…  the C file
package main

import (
	"fmt"
	"os"
)

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: go-layouts extract|table FIELDS.def FILE…")
	}
	fields, err := readFields(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "extract":
		return extract(fields, args[2])
	case "table":
		return table(fields, args[2:])
	}
	return fmt.Errorf("%s: not a command", args[0])
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-layouts:", err)
		os.Exit(1)
	}
}
