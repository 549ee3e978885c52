package runbook

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// maxCommandLine is what cmd.exe takes.
const maxCommandLine = 8191

// WindowsCommand is the one command line that runs documents on Windows. The text
// it carries is windows/bootstrap.ps1 without comments and indents.
func (c *Catalogue) WindowsCommand() (string, error) {
	text, err := c.texts.frame("windows", Bootstrap)
	if err != nil {
		return "", err
	}
	line := "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand " + encodeCommand(text)
	if len(line) >= maxCommandLine {
		return "", fmt.Errorf("encoding the command line: %w: %d characters, below %d", ErrInvalid, len(line), maxCommandLine)
	}
	return line, nil
}

// encodeCommand is base64 of UTF-16LE; scripts are ASCII.
func encodeCommand(script string) string {
	var wide []byte
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, c := range []byte(line + "\n") {
			wide = append(wide, c, 0)
		}
	}
	return base64.StdEncoding.EncodeToString(wide)
}
