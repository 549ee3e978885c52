//go:build integration

package interop_test

import (
	"testing"

	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/machine"
	"github.com/osiriscare/osiris/tools/winlab/model"
)

// TestAScanOfAllChecksGoesThroughIndependentClients sends one document with
// every facts script, as the appliance does, and judges what comes back.
func TestAScanOfAllChecksGoesThroughIndependentClients(t *testing.T) {
	c, err := runbook.Load()
	if err != nil {
		t.Fatal(err)
	}
	line, err := c.WindowsCommand()
	if err != nil {
		t.Fatal(err)
	}
	ids := c.Texts().Checks("windows")
	d, err := c.Scan("windows", ids...)
	if err != nil {
		t.Fatal(err)
	}
	input, err := d.Windows()
	if err != nil {
		t.Fatal(err)
	}
	k := startKDC(t, "aes256-cts-hmac-sha1-96")
	for name, how := range map[string]struct {
		env  []string
		args []string
	}{
		"gss-ntlmssp":  {users(t, password), []string{"--mech", "ntlm", "--wrap", "spnego"}},
		"MIT Kerberos": {k.Env, []string{"--mech", "kerberos", "--wrap", "spnego", "--seal", "iov"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := model.New(model.Config{Name: "WS01", Role: runbook.RoleWorkstation, Domain: true, Catalogue: c})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Set("firewall.profiles.public.enabled", false); err != nil {
				t.Fatal(err)
			}
			m := start(t, func(cfg *machine.Config) { cfg.Host, cfg.Keytab = h, k.Keytab })
			got := clientWith(t, m.HTTP(), string(input), how.env, append(how.args, line)...)
			if len(got) != 2 || got[1].Exit != 0 {
				t.Fatalf("client.py = %+v", got)
			}
			reply, err := runbook.ReadReply([]byte(got[1].Stdout))
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				v := check.Judge(id, reply.FactsOf(id), nil)
				// Only the appliance can measure the clock.
				want := v.Status == check.Pass || v.Status == check.NotApplicable || id == check.TimeSync
				if id == check.Firewall {
					want = v.Status == check.Fail
				}
				if !want {
					t.Errorf("%s = %s: %s", id, v.Status, v.Reason)
				}
			}
		})
	}
}
