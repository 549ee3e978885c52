//go:build integration

package interop_test

import (
	"testing"

	"github.com/osiriscare/osiris/tools/winlab/realm"
)

const realmName = "NORTHVALLEY.EXAMPLE"

// startKDC makes a realm with one user, who has a ticket, and the service of WS01,
// of one encryption type.
func startKDC(t *testing.T, etype string) *realm.Realm {
	t.Helper()
	r := realm.Start(t, realm.Config{
		Name: realmName, Encryption: etype, Users: map[string]string{"osiris": password}, Services: []string{"HTTP/ws01.northvalley.example"},
	})
	r.Run(t, password+"\n", "/usr/bin/kinit", "osiris@"+realmName)
	return r
}
