// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// A row of go_fields.def.
type field struct {
	id    string // without LG_
	kind  string // FIELD, SIZE, COUNT, STRIDE, CONST
	types []string
	paths []string // of CONST: empty, its names are in types
}

var (
	comments = regexp.MustCompile(`(?s)/\*.*?\*/`)
	rows     = regexp.MustCompile(`LG_GO_(FIELD|SIZE|COUNT|STRIDE|CONST)\(\s*(\w+)\s*,\s*"([^"]*)"\s*(?:,\s*"([^"]*)"\s*)?\)`)
)

func readFields(path string) ([]field, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var fields []field
	code := comments.ReplaceAllString(string(text), "")
	for _, m := range rows.FindAllStringSubmatch(code, -1) {
		fields = append(fields, field{
			id:    m[2],
			kind:  m[1],
			types: strings.Split(m[3], "|"),
			paths: strings.Split(m[4], "|"),
		})
	}
	if n := strings.Count(code, "LG_GO_"); n != len(fields) {
		return nil, fmt.Errorf("%s: %d rows, %d understood", path, n, len(fields))
	}
	return fields, nil
}
