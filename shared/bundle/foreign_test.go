package bundle_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	fproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/signed"
)

// What follows verifies a folder without this repository's verifier.

func TestOpensslVerifiesTheSignature(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: apt-get install openssl")
	}
	x := practice(t, "openssl")
	sig, err := bundle.ParseSig(x.sig[1])
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(sig.Key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	put(t, dir, "sig.bin", sig.Signature)
	verify := func(message []byte) (string, error) {
		put(t, dir, "message.bin", message)
		c := exec.CommandContext(t.Context(), openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-in", "message.bin", "-sigfile", "sig.bin")
		c.Dir = dir
		out, err := c.CombinedOutput()
		return string(out), err
	}
	message := signed.Message(signed.Bundle, sig.Key, x.json[1])
	if out, err := verify(message); err != nil || !strings.Contains(out, "Verified Successfully") {
		t.Errorf("openssl says %q, %v", out, err)
	}
	message[len(message)-3] ^= 1
	if out, err := verify(message); err == nil {
		t.Errorf("openssl accepts a changed bundle: %q", out)
	}
}

func TestOtherPeoplesCodeVerifiesTheProof(t *testing.T) {
	x := practice(t, "others")
	dir := x.write(t, t.TempDir(), 3, x.cosign(t))
	var p fproof.TLogProof
	if err := p.Unmarshal(get(t, dir, bundle.FileProof)); err != nil {
		t.Fatal(err)
	}
	_, opened := x.Newest()
	log, err := note.NewVerifier(opened.Doc.Appliances[0].LogVkeys[0])
	if err != nil {
		t.Fatal(err)
	}
	witness, err := fnote.NewVerifierForCosignatureV1(opened.Doc.WitnessVkeys[0])
	if err != nil {
		t.Fatal(err)
	}
	c, _, n, err := flog.ParseCheckpoint(p.Checkpoint, x.head.Origin, log, witness)
	if err != nil || len(n.Sigs) != 2 {
		t.Fatalf("formats reads the checkpoint: %v, %+v", err, n)
	}
	hasher := rfc6962.DefaultHasher
	hashes := make([][]byte, len(p.Hashes))
	for i := range p.Hashes {
		hashes[i] = p.Hashes[i][:]
	}
	if err := proof.VerifyInclusion(hasher, p.Index, c.Size, hasher.HashLeaf(p.ExtraData), hashes, c.Hash); err != nil {
		t.Errorf("merkle refuses the inclusion: %v", err)
	}
	if err := proof.VerifyInclusion(hasher, p.Index-1, c.Size, hasher.HashLeaf(p.ExtraData), hashes, c.Hash); err == nil {
		t.Error("merkle accepts another index")
	}
}

// TestTheManualsCommandsVerifyABundle runs the shell block of docs/evidence.md,
// as an auditor would paste it, on the golden export.
func TestTheManualsCommandsVerifyABundle(t *testing.T) {
	for _, tool := range []string{"openssl", "sh", "sha256sum", "basenc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: apt-get install openssl coreutils", tool)
		}
	}
	manual := string(get(t, "../../docs", "evidence.md"))
	_, block, found := strings.Cut(manual, "<!-- run by a test -->\n```sh\n")
	block, _, closed := strings.Cut(block, "\n```")
	if !found || !closed {
		t.Fatal("docs/evidence.md has lost its block")
	}
	x := practice(t, "golden")
	run := func(dir string) (string, error) {
		c := exec.CommandContext(t.Context(), "sh", "-eu", "-c", block)
		c.Dir = dir
		out, err := c.CombinedOutput()
		return string(out), err
	}
	dir := filepath.Join(t.TempDir(), "bundle")
	if err := bundletest.Copy(x.folder(goldenTree, 2), dir); err != nil {
		t.Fatal(err)
	}
	out, err := run(dir)
	if err != nil || !strings.Contains(out, "Signature Verified Successfully") || strings.Count(out, ": OK") != 2 {
		t.Errorf("the manual's commands = %v:\n%s", err, out)
	}
	for _, file := range []string{bundle.FileJSON, bundle.FileSig} {
		good := get(t, dir, file)
		bad := append([]byte(nil), good...)
		bad[len(bad)/3] ^= 1
		put(t, dir, file, bad)
		if out, err := run(dir); err == nil {
			t.Errorf("the manual's commands accept a changed %s:\n%s", file, out)
		}
		put(t, dir, file, good)
	}
	var p fproof.TLogProof
	if err := p.Unmarshal(get(t, dir, bundle.FileProof)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(get(t, dir, bundle.FileProof)), base64.StdEncoding.EncodeToString(p.ExtraData)) {
		t.Error("the entry is not one base64 line of the proof")
	}
}
