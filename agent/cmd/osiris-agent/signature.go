package main

import (
	"crypto/ed25519"
	"errors"

	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/shared/release"
)

// signatureKeys are the keys that may sign the list of remote management
// software, stamped by -ldflags "-X main.signatureKeys=1:HEX,HEX" in the form of
// release.ParseRoots. A build without them takes no list.
var signatureKeys string

// errThreshold says what a list cannot have: it carries one signature.
var errThreshold = errors.New("signature keys must begin with 1: since a list has one signature")

// openSignatures gives the list that is held.
func openSignatures(folder string, nowMs func() int64) (*signature.Signatures, error) {
	keys, err := release.ParseRoots(signatureKeys)
	if err != nil {
		return nil, err
	}
	var public []ed25519.PublicKey
	if keys != nil {
		if keys.Threshold != 1 {
			return nil, errThreshold
		}
		public = keys.Public
	}
	return signature.New(folder, public, nowMs), nil
}
