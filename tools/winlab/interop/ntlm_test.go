//go:build integration

package interop_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/osiriscare/osiris/tools/winlab/labca"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/ntlm"
)

func TestGSSNTLMSSPSealsBothWays(t *testing.T) {
	for _, wrap := range []string{"raw", "spnego"} {
		t.Run(wrap, func(t *testing.T) {
			// gss-ntlmssp 1.2.0 sends the integrity code in SPNEGO alone.
			m := start(t, func(c *machine.Config) { c.RequireMIC = wrap == "spnego" })
			wants(t, client(t, m.HTTP(), users(t, password), "--mech", "ntlm", "--wrap", wrap, "cat", "fill", "nothing"))
			if st := m.Service().Stats(); st.Logons != 1 || st.Connections != 1 || st.Plain != 0 || st.Sealed == 0 || st.Shells != 0 {
				t.Errorf("Stats = %+v", st)
			}
		})
	}
}

func TestGSSNTLMSSPWithAWrongPasswordIsRefused(t *testing.T) {
	for _, wrap := range []string{"raw", "spnego"} {
		t.Run(wrap, func(t *testing.T) {
			m := start(t, nil)
			got := client(t, m.HTTP(), users(t, "another"), "--mech", "ntlm", "--wrap", wrap, "cat")
			if len(got) != 1 || got[0].Refused == "" {
				t.Errorf("client.py = %+v; want a refusal", got)
			}
			if st := m.Service().Stats(); st.Logons != 0 || st.Refusals != 1 {
				t.Errorf("Stats = %+v", st)
			}
		})
	}
}

func TestGSSNTLMSSPBindsToTheTLSChannel(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	m := start(t, func(c *machine.Config) { c.CA, c.Binding = ca, ntlm.BindingStrict })
	args := []string{"--mech", "ntlm", "--wrap", "raw", "--cafile", file}
	wants(t, client(t, m.HTTPS(), users(t, password), append(args, "--bind", "right", "cat", "fill", "nothing")...))
	for name, more := range map[string][]string{"of another channel": {"--bind", "wrong"}, "absent": nil} {
		t.Run(name, func(t *testing.T) {
			got := client(t, m.HTTPS(), users(t, password), append(append([]string{}, args...), append(more, "cat")...)...)
			if len(got) != 1 || got[0].Refused == "" {
				t.Errorf("client.py = %+v; want a refusal", got)
			}
		})
	}
}
