package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/catalog/rmm"
)

func TestASignatureListIsSignedAndFollowsTheOneBefore(t *testing.T) {
	d := newDesk(t, "rmm")
	public, err := hex.DecodeString(d.keys["rmm"])
	if err != nil {
		t.Fatal(err)
	}
	version := func(file string) uint64 {
		body, err := os.ReadFile(d.file(file))
		if err != nil {
			t.Fatal(err)
		}
		envelope := &trustv1.SignedEnvelope{}
		if err := proto.Unmarshal(body, envelope); err != nil {
			t.Fatal(err)
		}
		list, err := rmm.Open(envelope, []ed25519.PublicKey{public})
		if err != nil || len(list.GetProducts()) < 40 {
			t.Fatalf("Open gives %d products, %v", len(list.GetProducts()), err)
		}
		return list.GetVersion()
	}
	d.must("signatures", "--key", d.file("rmm"), "--out", d.file("one"))
	d.must("signatures", "--key", d.file("rmm"), "--out", d.file("two"), "--after", d.file("one"))
	if one, two := version("one"), version("two"); two != one+1 {
		t.Errorf("versions %d and %d in one second; want one more", one, two)
	}
	d.refused("signatures", "--key", d.file("none"), "--out", d.file("three"))
	d.refused("signatures", "--key", d.file("rmm"), "--out", d.file("three"), "--after", d.file("rmm"))
	if _, err := os.Stat(d.file("none")); err == nil {
		t.Error("a mistyped key file was made")
	}
}
