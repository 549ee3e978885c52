package identity

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAClaimedApplianceNeverMakesANewKey(t *testing.T) {
	for _, name := range []string{"tls.key", "ca.key", "command.key", "bundle.key", "log.key"} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			if _, err := LoadKeys(data); err != nil {
				t.Fatal(err)
			}
			for file, content := range map[string]string{"claim.bin": "", "provision.json": "{}"} {
				if err := os.WriteFile(filepath.Join(Dir(data), file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			lost := filepath.Join(Dir(data), name)
			if err := os.Remove(lost); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(data); err == nil || !strings.Contains(err.Error(), lost) || !strings.Contains(err.Error(), "backup") {
				t.Errorf("Load = %v; want an error that names %s and the way out", err, lost)
			}
			if _, err := os.Stat(lost); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is there again: a claimed appliance made a key that nobody knows", lost)
			}
		})
	}
}
