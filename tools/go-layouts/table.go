// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Wider than the house: what a release changed fits on a screen.
const lineWidth = 100

// A row of the C table: releases 1.minor.first to 1.minor.last.
type row struct {
	minor, first, last int
	arch               string
	values             []value
}

func readValues(path string, fields []field) ([]value, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var values []value
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var id string
		var v value
		n, _ := fmt.Sscanf(lines.Text(), "%s %d %d", &id, &v.number, &v.width)
		v.there = n == 3
		if i := len(values); i >= len(fields) || fields[i].id != id {
			return nil, fmt.Errorf("%s: %s is out of place", path, id)
		}
		values = append(values, v)
	}
	if len(values) != len(fields) {
		return nil, fmt.Errorf("%s: %d values for %d rows", path,
			len(values), len(fields))
	}
	return values, nil
}

func readRows(fields []field, paths []string) ([]row, error) {
	var rows []row
	for _, path := range paths {
		var r row
		_, err := fmt.Sscanf(strings.Replace(filepath.Base(path), "-", " ", 1),
			"1.%d.%d %s", &r.minor, &r.first, &r.arch)
		if err != nil {
			return nil, fmt.Errorf("%s: not a version: %w", path, err)
		}
		r.last = r.first
		if r.values, err = readValues(path, fields); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	sort.Slice(rows, func(i, j int) bool {
		a, b := rows[i], rows[j]
		if a.arch != b.arch {
			return a.arch < b.arch
		}
		if a.minor != b.minor {
			return a.minor < b.minor
		}
		return a.first < b.first
	})
	return rows, nil
}

func equal(a, b []value) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// merge joins neighbours that are equal: with those between them, for a struct
// that changed twice within a minor release never became what it had been.
func merge(rows []row) []row {
	var merged []row
	for _, r := range rows {
		if n := len(merged); n > 0 && merged[n-1].arch == r.arch &&
			merged[n-1].minor == r.minor &&
			equal(merged[n-1].values, r.values) {
			merged[n-1].last = r.last
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

func (r row) macro() string {
	return fmt.Sprintf("GO_1_%d_%d_%s", r.minor, r.first,
		strings.ToUpper(r.arch))
}

// base: the row that this one is written as a difference to. arm64 follows its
// amd64, and each Go the one before.
func base(rows []row, i int) *row {
	for j := range rows {
		if rows[i].arch != "amd64" && rows[j].arch == "amd64" &&
			rows[j].minor == rows[i].minor &&
			rows[j].first <= rows[i].first && rows[i].first <= rows[j].last {
			return &rows[j]
		}
	}
	if i > 0 {
		return &rows[i-1]
	}
	return nil
}

func (v value) text(id string) string {
	switch {
	case !v.there:
		return fmt.Sprintf("NO(%s)", id)
	case v.width == 0:
		return fmt.Sprintf("IS(%s, %d)", id, v.number)
	}
	return fmt.Sprintf("AT(%s, %d, %d)", id, v.number, v.width)
}

func writeRow(fields []field, r row, from *row) {
	line := fmt.Sprintf("#define %s", r.macro())
	add := func(item, after string) {
		if len(line)+1+len(item)+len(after) > lineWidth-2 {
			fmt.Println(line + " \\")
			line = "   "
		}
		line += " " + item + after
	}
	var items []string
	if from != nil {
		items = append(items, from.macro())
	}
	for i, f := range fields {
		if from == nil || from.values[i] != r.values[i] {
			items = append(items, r.values[i].text(f.id))
		}
	}
	for i, item := range items {
		after := ","
		if i == len(items)-1 {
			after = ""
		}
		add(item, after)
	}
	fmt.Println(line)
}

const head = `/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made by tools/go-layouts/generate.sh out of the DWARF of programs that each
 * Go built: do not edit. A row is written as what differs from an older one,
 * so that it shows what each release changed.
 *
 *   AT(field, offset, width)   IS(field, number)   NO(field): not in this Go
 */
#include "target/go_layout.h"

#pragma GCC diagnostic ignored "-Woverride-init"

/* clang-format off */
#define AT(f, o, w) .offset[LG_##f] = (o), .width[LG_##f] = (w)
#define IS(f, o) AT(f, o, 0)
#define NO(f) AT(f, LG_GO_ABSENT, 0)
`

func table(fields []field, paths []string) error {
	rows, err := readRows(fields, paths)
	if err != nil {
		return err
	}
	rows = merge(rows)
	fmt.Print(head + "\n")
	for i, r := range rows {
		writeRow(fields, r, base(rows, i))
	}
	fmt.Println("\nconst struct lg_go_layout lg_go_layouts[] = {")
	for _, r := range rows {
		fmt.Printf("    {.name = \"go1.%d.%d %s\", .minor = %d, .patch_first = %d,\n"+
			"     .patch_last = %d, .machine = LG_%s, %s},\n",
			r.minor, r.first, r.arch, r.minor, r.first, r.last,
			strings.ToUpper(r.arch), r.macro())
	}
	fmt.Print("};\n" +
		"const size_t lg_go_layout_count =\n" +
		"    sizeof(lg_go_layouts) / sizeof(lg_go_layouts[0]);\n")
	return nil
}
