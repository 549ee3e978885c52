package main

import (
	"crypto/ed25519"

	"github.com/osiriscare/osiris/shared/release"
)

// signatureKeys are the keys that may sign the list of remote management
// software, stamped by -ldflags "-X main.signatureKeys=1:HEX,HEX" in the form of
// release.ParseRoots, the same as the agents'. A build without them serves none.
var signatureKeys string

func listKeys() ([]ed25519.PublicKey, error) {
	keys, err := release.ParseRoots(signatureKeys)
	if err != nil || keys == nil {
		return nil, err
	}
	return keys.Public, nil
}
