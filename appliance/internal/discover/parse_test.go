package discover

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm/kerberos"
)

func TestParseGUID(t *testing.T) {
	// MS-DTYP's mixed order: three little-endian fields, then bytes.
	b := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	if got, err := ParseGUID(b); got != "00112233-4455-6677-8899-aabbccddeeff" || err != nil {
		t.Errorf("ParseGUID = %s, %v", got, err)
	}
	for _, b := range [][]byte{nil, b[:15], append(b, 0), make([]byte, 16)} {
		if got, err := ParseGUID(b); !errors.Is(err, ErrReply) {
			t.Errorf("ParseGUID(%x) = %s, %v; want ErrReply", b, got, err)
		}
	}
}

func FuzzParseSID(f *testing.F) {
	f.Add([]byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0x50, 4, 0, 0})
	f.Add([]byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0})
	f.Add([]byte{1, 255, 0})
	form := regexp.MustCompile(`^S-1-\d+(-\d+){1,15}$`)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseSID(b); err == nil && !form.MatchString(string(s)) || err != nil && !errors.Is(err, ErrReply) {
			t.Errorf("ParseSID(%x) = %q, %v", b, s, err)
		}
	})
}

func FuzzParseComputer(f *testing.F) {
	guid := "0123456789abcdef"
	sid := "\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00"
	f.Add("CN=a,DC=b", guid, sid, "WS01$", "Windows 11 Pro", "4096", "515", "133000000000000000", "20260101000000.0Z", "1")
	f.Add("CN=a,DC=b", guid, sid, "DC1$", "Windows Server® 2019", "-2147483648", "516", "9223372036854775807", "20260101000000Z", "-1")
	f.Add("", "", "", "", "", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, dn, guid, sid, account, system, control, group, logon, created, usn string) {
		e := ldap.NewEntry(dn, map[string][]string{
			"OBJECTGUID": {guid}, "objectsid": {sid}, "sAMAccountName": {account}, "operatingSystem": {system}, "userAccountControl": {control},
			"primaryGroupID": {group}, "lastLogonTimestamp": {logon}, "whenCreated": {created}, "uSNChanged": {usn},
		})
		c, err := parseComputer(e)
		if err != nil {
			if !errors.Is(err, ErrReply) {
				t.Errorf("parseComputer = %v; want ErrReply", err)
			}
			return
		}
		if len(c.GUID) != 36 || c.SID == "" || c.DN == "" || c.Account == "" || len(c.OS) > maxText {
			t.Errorf("parseComputer = %+v", c)
		}
		if n, _ := strconv.ParseInt(control, 10, 64); c.Enabled == (n&2 != 0) {
			t.Errorf("enabled = %v for %s", c.Enabled, control)
		}
	})
}

func FuzzRanged(f *testing.F) {
	f.Add("member;range=0-1", "a", "b", 0)
	f.Add("member;Range=2-*", "a", "b", 2)
	f.Add("member", "a", "b", 0)
	f.Add("member;range=-", "a", "b", 0)
	f.Fuzz(func(t *testing.T, name, first, second string, from int) {
		e := &ldap.Entry{Attributes: []*ldap.EntryAttribute{{Name: "member"}, {Name: name, Values: []string{first, second}}}}
		values, last, err := ranged(e, "member", from)
		// Else values would be asked for without end.
		if err == nil && !last && len(values) == 0 {
			t.Errorf("ranged(%q, %d) gives nothing and goes on", name, from)
		}
	})
}

func FuzzRefused(f *testing.F) {
	f.Add("80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563")
	f.Add("80090346: LdapErr: DSID-0C0904F8, comment: AcceptSecurityContext error, data 80090346, v4563")
	f.Add("Simple Bind Failed: NT_STATUS_LOGON_FAILURE")
	f.Fuzz(func(t *testing.T, text string) {
		if r := refused(text); r.Code == "" || r.Hint == "" || !errors.Is(r, ErrCredentials) {
			t.Errorf("refused(%q) = %+v", text, r)
		}
	})
}

func TestKerberosProblem(t *testing.T) {
	type worth struct{ forgeable, harmless bool }
	for _, c := range []struct {
		err  error
		want error
		worth
	}{
		{fmt.Errorf("%w: (24) KDC_ERR_PREAUTH_FAILED Pre-authentication information was invalid", kerberos.ErrRefused), ErrCredentials, worth{true, false}},
		{fmt.Errorf("%w: (18) KDC_ERR_CLIENT_REVOKED", kerberos.ErrRefused), ErrCredentials, worth{true, false}},
		{fmt.Errorf("%w: (14) KDC_ERR_ETYPE_NOSUPP", kerberos.ErrRefused), ErrCredentials, worth{true, true}},
		{fmt.Errorf("%w: (7) KDC_ERR_S_PRINCIPAL_UNKNOWN", kerberos.ErrService), ErrCredentials, worth{true, true}},
		{fmt.Errorf("%w: it does not open with the password", kerberos.ErrRefused), ErrCredentials, worth{true, true}},
		{fmt.Errorf("%w: %w", kerberos.ErrKDC, kerberos.ErrClock), ErrClock, worth{}},
		{fmt.Errorf("%w: (60) KRB_ERR_GENERIC Generic error", kerberos.ErrReply), ErrReply, worth{}},
		{fmt.Errorf("%w: nobody there", kerberos.ErrKDC), ErrUnreachable, worth{}},
	} {
		err := classify(context.Background(), kerberosProblem("getting a ticket", c.err))
		if !errors.Is(err, c.want) {
			t.Errorf("kerberosProblem(%q) = %v; want %v", c.err, err, c.want)
		}
		var r *Refused
		if errors.As(err, &r) && (worth{r.Forgeable, r.Harmless}) != c.worth {
			t.Errorf("kerberosProblem(%q) = %+v; want %+v", c.err, r, c.worth)
		}
	}
}
