package identity

import (
	"crypto/x509"
	"testing"
)

// TestTheNameIsThisSites asks what the name constraint of a site's intermediate
// asks too; a root whose intermediate had none must not vouch for other sites.
func TestTheNameIsThisSites(t *testing.T) {
	for _, c := range []struct {
		name, site, want string
		dns              string
		ok               bool
	}{
		{"this site's", "s_1", "", "appliance.s_1.osiris.internal", true},
		{"any one's before enrolment", "", "", "appliance.s_2.osiris.internal", true},
		{"another site's", "s_1", "", "appliance.s_2.osiris.internal", false},
		{"one that begins like this site's", "s_1", "", "appliance.s_11.osiris.internal", false},
		{"one level down", "s_1", "", "appliance.s_1.x.osiris.internal", false},
		{"nobody's", "", "", "appliance.osiris.internal", false},
		{"an agent's", "s_1", "", "ag_1.agent.s_1.osiris.internal", false},
		{"the configured one", "s_1", "box.lan", "box.lan", true},
		{"the site's where another is configured", "s_1", "box.lan", "appliance.s_1.osiris.internal", false},
	} {
		name, ok := applianceName(&x509.Certificate{DNSNames: []string{"x.example", c.dns}}, c.site, c.want)
		if ok != c.ok || ok && name != c.dns {
			t.Errorf("%s: applianceName = %q, %v; want %v", c.name, name, ok, c.ok)
		}
	}
}
