//go:build integration

package interop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/machine"
)

// legacy lets OpenSSL 3 do MD4 for pywinrm's NTLM.
const legacy = `openssl_conf = start
[start]
providers = both
[both]
default = on
legacy = on
[on]
activate = 1
`

func pywinrm(t *testing.T, env []string, args ...string) []answer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "openssl.cnf")
	if err := os.WriteFile(path, []byte(legacy), 0o600); err != nil {
		t.Fatal(err)
	}
	return runPython(t, "", append([]string{"OPENSSL_CONF=" + path}, env...), append([]string{"testdata/second.py"}, args...)...)
}

func wantsSecond(t *testing.T, got []answer) {
	t.Helper()
	if len(got) != 3 || got[1].Stdout != strings.Repeat("äöü€\n", 60000) || got[1].Exit != 0 ||
		got[2].Stderr != "no such command\r\n" || got[2].Exit != 3 {
		t.Errorf("second.py = %d answers; want a shell, fill and nothing", len(got))
	}
}

func TestPywinrmSealsWithNTLM(t *testing.T) {
	m := start(t, nil)
	wantsSecond(t, pywinrm(t, nil, "http://"+m.HTTP()+"/wsman", "ntlm", "always", `NORTHVALLEY\osiris`, password, "", "fill", "nothing"))
	if st := m.Service().Stats(); st.Logons != 1 || st.Plain != 0 || st.Sealed == 0 || st.Shells != 0 || st.ShellsMade != 1 {
		t.Errorf("Stats = %+v", st)
	}
}

func TestPywinrmTakesKerberosOverTLS(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	k := startKDC(t, "aes256-cts-hmac-sha1-96")
	m := start(t, func(c *machine.Config) { c.CA, c.Keytab = ca, k.Keytab })
	// pywinrm 0.3.0 does not seal with Kerberos.
	wantsSecond(t, pywinrm(t, k.Env, "https://"+m.HTTPS()+"/wsman", "kerberos", "never", "osiris@"+realmName, password, file, "fill", "nothing"))
	if st := m.Service().Stats(); st.Logons == 0 || st.Plain != 0 || st.TLS == 0 || st.Shells != 0 {
		t.Errorf("Stats = %+v", st)
	}
}
