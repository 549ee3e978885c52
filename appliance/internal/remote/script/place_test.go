package script

import "testing"

func TestACredentialIsToldThePortUnlessItIsTheUsualEncryptedOne(t *testing.T) {
	for want, target := range map[string]Target{
		"a": {Kind: Windows, Host: "a"}, "b": {Kind: Workstation, Host: "b", Port: 5986}, "c:5985": {Kind: Windows, Host: "c", HTTP: true},
		"d:5985": {Kind: Windows, Host: "d", Port: 5985}, "e:5986": {Kind: Windows, Host: "e", Port: 5986, HTTP: true}, "f:443": {Kind: Windows, Host: "f", Port: 443},
		"g": {Kind: Linux, Host: "g"}, "h": {Kind: Linux, Host: "h", Port: 22}, "i:2222": {Kind: Linux, Host: "i", Port: 2222},
		"[fd00::1]:2222": {Kind: Linux, Host: "fd00::1", Port: 2222}, "fd00::1": {Kind: Linux, Host: "fd00::1"},
	} {
		if got := target.place(); got != want {
			t.Errorf("place of %s:%d, HTTP %t = %s; want %s", target.Host, target.Port, target.HTTP, got, want)
		}
	}
}
