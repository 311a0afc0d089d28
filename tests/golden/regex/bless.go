// SPDX-License-Identifier: Apache-2.0

// Writes anew what Go's regexp says of the patterns in cases.txt:
//
//	GOTOOLCHAIN=go1.27.4 go run bless.go
//
// A line of cases.txt is a pattern and a result, in hex and as it is, with a
// tab between: the text of the error, or which of the subjects (line 1, hex)
// match, 1 or 0 each.
package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
)

func decode(text string) string {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func result(pattern string, subjects []string) string {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return hex.EncodeToString([]byte(err.Error()))
	}
	var bits strings.Builder
	for _, subject := range subjects {
		if re.MatchString(subject) {
			bits.WriteByte('1')
		} else {
			bits.WriteByte('0')
		}
	}
	return bits.String()
}

func main() {
	text, err := os.ReadFile("cases.txt")
	if err != nil {
		panic(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	var subjects []string
	for _, field := range strings.Split(lines[0], "\t") {
		subjects = append(subjects, decode(field))
	}
	var out bytes.Buffer
	fmt.Fprintln(&out, lines[0])
	for _, line := range lines[1:] {
		field, _, _ := strings.Cut(line, "\t")
		fmt.Fprintf(&out, "%s\t%s\n", field, result(decode(field), subjects))
	}
	if err := os.WriteFile("cases.txt", out.Bytes(), 0o644); err != nil {
		panic(err)
	}
}
