package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Tail is the last n lines of a program's log, or why there is none.
func Tail(folder, name string, n int) string {
	content, err := os.ReadFile(filepath.Join(folder, name+".log"))
	if err != nil {
		return fmt.Sprintf("no log of %s: %v", name, err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return fmt.Sprintf("end of %s.log:\n%s", name, strings.Join(lines[max(0, len(lines)-n):], "\n"))
}
