// Package id makes the opaque names of things the appliance creates: a prefix
// that says the kind, an underscore and 16 random bytes as 26 lower-case
// base32 characters (RFC 4648, no padding), such as ag_ for agents, h_ for
// hosts and i_ for incidents. They carry no meaning and are never parsed for
// one.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Prefixes of the kinds this appliance makes.
const (
	Agent    = "ag"
	Host     = "h"
	Incident = "i"
)

// New makes a name of the kind that prefix says.
func New(prefix string) string {
	b := make([]byte, 16)
	rand.Read(b) // never fails since Go 1.24
	return prefix + "_" + encoding.EncodeToString(b)
}

// Is reports whether s has the form that New gives for prefix.
func Is(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(rest) != 26 {
		return false
	}
	_, err := encoding.DecodeString(rest)
	return err == nil
}
