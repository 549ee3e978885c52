package store

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// Ids that Central issues live as long as the row; they are never reused.
type (
	// ClientID names a practice, c_….
	ClientID string
	// SiteID names a site, s_….
	SiteID string
	// ApplianceID names an appliance, ap_….
	ApplianceID string
)

var idEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// newID is prefix and 26 lower-case base32 characters of 16 random bytes.
func newID(prefix string) string {
	var b [16]byte
	rand.Read(b[:])
	return prefix + strings.ToLower(idEncoding.EncodeToString(b[:]))
}

// NewClientID makes a random id.
func NewClientID() ClientID { return ClientID(newID("c_")) }

// NewSiteID makes a random id.
func NewSiteID() SiteID { return SiteID(newID("s_")) }

// NewApplianceID makes a random id.
func NewApplianceID() ApplianceID { return ApplianceID(newID("ap_")) }

// NewTargetID makes a random id, t_….
func NewTargetID() string { return newID("t_") }
