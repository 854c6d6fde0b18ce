package program

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Memory reads a figure of a process, such as VmRSS or VmHWM, from Linux's proc(5), in
// MB of 10^6 bytes; false where there is none.
func Memory(pid int, name string) (float64, bool) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == name+":" {
			kb, err := strconv.ParseFloat(fields[1], 64)
			return kb * 1024 / 1e6, err == nil
		}
	}
	return 0, false
}
