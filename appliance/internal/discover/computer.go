package discover

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// Kind is what a computer is to its domain.
type Kind string

// The kinds.
const (
	Workstation Kind = "workstation"
	Server      Kind = "server"
	DC          Kind = "dc"
)

// Bits of userAccountControl and groups (MS-ADTS 2.2.16, MS-SAMR 2.2.1.14).
const (
	accountDisabled = 0x2
	serverTrust     = 0x2000
	partialSecrets  = 0x4000000

	groupControllers         = "516"
	groupReadOnlyControllers = "521"
)

// maxText is the longest text taken; a distinguished name of AD is shorter.
const maxText = 4096

// The longest names taken are a common name's (rangeUpper 64) in UTF-8 and a host's;
// of a system's name, which the computer writes itself, the beginning is.
const (
	maxName   = 256
	maxSystem = 128
)

// Computer is an account of a computer.
type Computer struct {
	GUID GUID
	SID  SID
	DN   string
	// Name is the entry's own, Account what Windows has cut it to (15
	// characters) without the dollar.
	Name, Account string
	DNSName       string
	OS, OSVersion string
	Kind          Kind
	Enabled       bool
	Stale         bool
	// LastLogon is zero when there was none. It may be 14 days behind.
	LastLogon, Created time.Time
	USN                int64
}

var computerAttributes = []string{
	"objectGUID", "objectSid", "name", "sAMAccountName", "dNSHostName", "operatingSystem", "operatingSystemVersion",
	"userAccountControl", "primaryGroupID", "lastLogonTimestamp", "whenCreated", "uSNChanged",
}

// parseComputer reads an entry; its Kind is empty when it is no Windows that we
// look after. Only an entry without an identity is an error.
func parseComputer(e *ldap.Entry) (Computer, error) {
	var c Computer
	var err error
	if c.GUID, err = ParseGUID(e.GetEqualFoldRawAttributeValue("objectGUID")); err != nil {
		return Computer{}, fmt.Errorf("reading an objectGUID: %w", err)
	}
	if c.SID, err = ParseSID(e.GetEqualFoldRawAttributeValue("objectSid")); err != nil {
		return Computer{}, fmt.Errorf("reading an objectSid: %w", err)
	}
	c.DN = e.DN
	c.Name = e.GetEqualFoldAttributeValue("name")
	c.Account = strings.TrimSuffix(e.GetEqualFoldAttributeValue("sAMAccountName"), "$")
	c.DNSName = strings.ToLower(e.GetEqualFoldAttributeValue("dNSHostName"))
	c.OS, c.OSVersion = beginning(e.GetEqualFoldAttributeValue("operatingSystem")), beginning(e.GetEqualFoldAttributeValue("operatingSystemVersion"))
	names := []string{c.Name, c.Account, c.DNSName}
	for _, text := range append(names, c.DN, c.OS, c.OSVersion) {
		if len(text) > maxText || !utf8.ValidString(text) {
			return Computer{}, fmt.Errorf("%w: text of %d bytes", ErrReply, len(text))
		}
	}
	for _, name := range names {
		if len(name) > maxName {
			return Computer{}, fmt.Errorf("%w: name of %d bytes", ErrReply, len(name))
		}
	}
	if c.DN == "" || c.Account == "" {
		return Computer{}, fmt.Errorf("%w: an entry without a name", ErrReply)
	}
	// It is signed on the wire.
	control, err := strconv.ParseInt(e.GetEqualFoldAttributeValue("userAccountControl"), 10, 32)
	if err != nil {
		return Computer{}, fmt.Errorf("%w: no userAccountControl", ErrReply)
	}
	if c.USN, err = strconv.ParseInt(e.GetEqualFoldAttributeValue("uSNChanged"), 10, 64); err != nil {
		return Computer{}, fmt.Errorf("%w: no uSNChanged", ErrReply)
	}
	c.Enabled = control&accountDisabled == 0
	c.Kind = kind(control, e.GetEqualFoldAttributeValue("primaryGroupID"), c.OS)
	c.LastLogon = fileTime(e.GetEqualFoldAttributeValue("lastLogonTimestamp"))
	if created, err := generalizedTime(e.GetEqualFoldAttributeValue("whenCreated")); err == nil {
		c.Created = created
	}
	return c, nil
}

// beginning is as much of a system's name as is kept.
func beginning(text string) string {
	if len(text) <= maxSystem {
		return text
	}
	return strings.ToValidUTF8(text[:maxSystem], "")
}

// size is how much a computer's texts take.
func (c *Computer) size() int {
	return len(c.DN) + len(c.Name) + len(c.Account) + len(c.DNSName) + len(c.OS) + len(c.OSVersion) + len(c.SID)
}

// kind goes by the account before the system's name, which the computer writes
// itself.
func kind(control int64, group, system string) Kind {
	if control&(serverTrust|partialSecrets) != 0 || group == groupControllers || group == groupReadOnlyControllers {
		return DC
	}
	// Older ones are called "Windows® ..." and "Windows Server® ...".
	system = strings.ToLower(strings.NewReplacer("®", "", "™", "").Replace(system))
	switch {
	case strings.HasPrefix(system, "windows server "):
		return Server
	case strings.HasPrefix(system, "windows 10"), strings.HasPrefix(system, "windows 11"):
		return Workstation
	}
	return ""
}

// stale counts from the creation where there was no logon.
func (c Computer) stale(now time.Time, after time.Duration) bool {
	last := c.LastLogon
	if last.IsZero() {
		last = c.Created
	}
	return !last.IsZero() && now.Sub(last) > after
}

// fileTime reads hundreds of nanoseconds since 1601 (MS-DTYP 2.3.3); zero for
// none.
func fileTime(s string) time.Time {
	const toUnix = 11644473600 // seconds from 1601 to 1970
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n == 1<<63-1 {
		return time.Time{}
	}
	return time.Unix(n/1e7-toUnix, n%1e7*100).UTC()
}
