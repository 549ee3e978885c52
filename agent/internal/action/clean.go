package action

import (
	"strings"
	"time"
)

// cleanAge is how long a temporary file has been left alone before it may go;
// Windows' own clean-up has the same seven days.
const cleanAge = 7 * 24 * time.Hour

// dispensable tells whether a file may be deleted, by its name and how long ago
// it was written. Whatever may be a log is kept.
func dispensable(name string, age time.Duration) bool {
	name = strings.ToLower(name)
	return age > cleanAge && !strings.Contains(name, "log") && !strings.HasSuffix(name, ".evtx") && !strings.HasSuffix(name, ".etl")
}

const stayDeleted refusal = "deleted temporary files stay deleted"
