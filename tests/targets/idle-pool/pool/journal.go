package pool

import (
	"strconv"
	"sync"
)

// journal remembers the newest tries, for the status page.
type journal struct {
	mu    sync.Mutex
	lines [256][]byte
	next  int
}

func (j *journal) note(try int, wait int64, stats Stats) {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := j.lines[j.next%len(j.lines)][:0]
	line = append(line, "get idle: try "...)
	line = strconv.AppendInt(line, int64(try), 10)
	line = append(line, ", wait "...)
	line = strconv.AppendInt(line, wait, 10)
	line = append(line, " us, idle "...)
	line = strconv.AppendInt(line, int64(stats.Idle), 10)
	line = append(line, ", waiting "...)
	line = strconv.AppendInt(line, int64(stats.Waiting), 10)
	line = append(line, ", oldest "...)
	line = append(line, stats.Oldest.String()...)
	j.lines[j.next%len(j.lines)] = line
	j.next++
}

// Journal returns the newest tries, oldest first.
func (p *Pool) Journal() []string {
	j := &p.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines []string
	for i := 0; i < len(j.lines); i++ {
		if line := j.lines[(j.next+i)%len(j.lines)]; line != nil {
			lines = append(lines, string(line))
		}
	}
	return lines
}
