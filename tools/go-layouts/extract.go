// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"strings"
)

// value is what a program's DWARF says of a row: width is that of a field
// which is an integer or a pointer, else 0.
type value struct {
	there  bool
	number int64
	width  int64
}

// program is the DWARF of one binary, by the names that rows use.
type program struct {
	data   *dwarf.Data
	types  map[string]dwarf.Offset // structs, by full name
	vars   map[string]dwarf.Offset // of the variable's type
	consts map[string]int64
}

func openProgram(path string) (*program, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		return nil, err
	}
	p := &program{
		data:   data,
		types:  map[string]dwarf.Offset{},
		vars:   map[string]dwarf.Offset{},
		consts: map[string]int64{},
	}
	return p, p.index()
}

// index looks at the children of each unit, not at what functions hold.
func (p *program) index() error {
	reader := p.data.Reader()
	for {
		entry, err := reader.Next()
		if err != nil || entry == nil {
			return err
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		switch entry.Tag {
		case dwarf.TagCompileUnit, 0:
			continue
		case dwarf.TagStructType:
			p.types[name] = entry.Offset
		case dwarf.TagVariable:
			if offset, ok := entry.Val(dwarf.AttrType).(dwarf.Offset); ok {
				p.vars[name] = offset
			}
		case dwarf.TagConstant:
			if number, ok := entry.Val(dwarf.AttrConstValue).(int64); ok {
				p.consts[name] = number
			}
		}
		reader.SkipChildren()
	}
}

func (p *program) look(name string) dwarf.Type {
	offset, ok := p.types[name]
	if v := strings.TrimPrefix(name, "&"); v != name {
		offset, ok = p.vars[v]
	}
	if !ok {
		return nil
	}
	t, err := p.data.Type(offset)
	if err != nil {
		return nil
	}
	return bare(t)
}

func bare(t dwarf.Type) dwarf.Type {
	for {
		named, ok := t.(*dwarf.TypedefType)
		if !ok {
			return t
		}
		t = named.Type
	}
}

// walk follows a dotted path from t; nil when a part is not there.
func walk(t dwarf.Type, path string) (dwarf.Type, int64) {
	if path == "" {
		return t, 0
	}
	var at int64
	for _, part := range strings.Split(path, ".") {
		s, ok := bare(t).(*dwarf.StructType)
		if !ok {
			return nil, 0
		}
		t = nil
		for _, f := range s.Field {
			if f.Name == part {
				t = bare(f.Type)
				at += f.ByteOffset
				break
			}
		}
		if t == nil {
			return nil, 0
		}
	}
	return t, at
}

func widthOf(t dwarf.Type) int64 {
	switch t := t.(type) {
	case *dwarf.ArrayType:
		return 0
	case *dwarf.StructType:
		// atomic.X and the like: one value, the rest has no size.
		var sized []*dwarf.StructField
		for _, f := range t.Field {
			if f.Type.Size() > 0 {
				sized = append(sized, f)
			}
		}
		if len(sized) != 1 || sized[0].ByteOffset != 0 {
			return 0
		}
		return widthOf(bare(sized[0].Type))
	}
	switch n := t.Size(); n {
	case 1, 2, 4, 8:
		return n
	}
	return 0
}

// elements: how many an array has, and bytes from one to the next.
func elements(t dwarf.Type) (int64, int64, bool) {
	array, ok := t.(*dwarf.ArrayType)
	if !ok || array.Count <= 0 {
		return 0, 0, false
	}
	return array.Count, array.ByteSize / array.Count, true
}

func (p *program) find(f field) value {
	for _, name := range f.types {
		if f.kind == "CONST" {
			number, ok := p.consts[name]
			if ok && int64(int32(number)) == number {
				return value{there: true, number: number}
			}
			continue
		}
		t := p.look(name)
		if t == nil {
			continue
		}
		for _, path := range f.paths {
			if v := measure(f.kind, t, path); v.there {
				return v
			}
		}
	}
	return value{}
}

func measure(kind string, t dwarf.Type, path string) value {
	t, at := walk(t, path)
	if t == nil {
		return value{}
	}
	switch kind {
	case "FIELD":
		return value{there: true, number: at, width: widthOf(t)}
	case "SIZE":
		return value{there: true, number: t.Size()}
	}
	count, stride, ok := elements(t)
	if !ok {
		return value{}
	}
	if kind == "STRIDE" {
		count = stride
	}
	return value{there: true, number: count}
}

// extract prints one line per row: name, number, width; "-" when absent.
func extract(fields []field, path string) error {
	p, err := openProgram(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range fields {
		v := p.find(f)
		if !v.there {
			fmt.Printf("%s -\n", f.id)
			continue
		}
		fmt.Printf("%s %d %d\n", f.id, v.number, v.width)
	}
	return nil
}
