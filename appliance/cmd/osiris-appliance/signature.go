package main

import (
	"crypto/ed25519"
	"errors"

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
	if keys.Threshold != 1 {
		return nil, errors.New("signature keys must begin with 1: since a list has one signature")
	}
	return keys.Public, nil
}
