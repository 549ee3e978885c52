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

func TestMITKerberosSealsBothWays(t *testing.T) {
	for _, etype := range []string{
		"aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96", "aes256-cts-hmac-sha384-192", "aes128-cts-hmac-sha256-128",
	} {
		t.Run(etype, func(t *testing.T) {
			k := startKDC(t, etype)
			for name, args := range map[string][]string{
				"raw, header apart":                  {"--wrap", "raw", "--seal", "iov"},
				"raw, in one":                        {"--wrap", "raw", "--seal", "wrap"},
				"SPNEGO, header apart":               {"--wrap", "spnego", "--seal", "iov", "--protocol", "kerberos"},
				"SPNEGO, in one":                     {"--wrap", "spnego", "--seal", "wrap"},
				"without proof of the server":        {"--wrap", "raw", "--seal", "iov", "--one-way"},
				"SPNEGO without proof of the server": {"--wrap", "spnego", "--seal", "iov", "--one-way"},
			} {
				t.Run(name, func(t *testing.T) {
					m := start(t, func(c *machine.Config) { c.Keytab = k.Keytab })
					wants(t, client(t, m.HTTP(), k.Env, append([]string{"--mech", "kerberos"}, append(args, "cat", "fill", "nothing")...)...))
					if st := m.Service().Stats(); st.Logons != 1 || st.Connections != 1 || st.Plain != 0 || st.Sealed == 0 || st.Shells != 0 {
						t.Errorf("Stats = %+v", st)
					}
				})
			}
		})
	}
}

func TestATicketForAnotherMachineIsRefused(t *testing.T) {
	mine, other := startKDC(t, "aes256-cts-hmac-sha1-96"), startKDC(t, "aes256-cts-hmac-sha1-96")
	m := start(t, func(c *machine.Config) { c.Keytab = other.Keytab })
	got := client(t, m.HTTP(), mine.Env, "--mech", "kerberos", "--wrap", "spnego", "cat")
	if len(got) != 1 || got[0].Refused == "" {
		t.Errorf("client.py = %+v; want a refusal", got)
	}
}

func TestMITKerberosBindsToTheTLSChannel(t *testing.T) {
	ca, err := labca.New("Lab")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	k := startKDC(t, "aes256-cts-hmac-sha1-96")
	m := start(t, func(c *machine.Config) { c.CA, c.Keytab, c.Binding = ca, k.Keytab, ntlm.BindingStrict })
	args := []string{"--mech", "kerberos", "--wrap", "spnego", "--cafile", file}
	wants(t, client(t, m.HTTPS(), k.Env, append(args, "--bind", "right", "cat", "fill", "nothing")...))
	for name, more := range map[string][]string{"of another channel": {"--bind", "wrong"}, "absent": nil} {
		t.Run(name, func(t *testing.T) {
			got := client(t, m.HTTPS(), k.Env, append(append([]string{}, args...), append(more, "cat")...)...)
			if len(got) != 1 || got[0].Refused == "" {
				t.Errorf("client.py = %+v; want a refusal", got)
			}
		})
	}
}
