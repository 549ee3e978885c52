package bundle

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// VerifyFolder judges the folder of one bundle from its files alone. pin is the
// fingerprint of the Central root that the reader trusts; nil means that it has
// none, and then nothing can be proven.
func VerifyFolder(dir string, pin *signed.KeyID) Report {
	report, _ := newVerifier(pin).folder(dir)
	return report
}

// verifier verifies folders under one pin.
type verifier struct {
	pin *signed.KeyID
	// chains of the pinned root, or of any without a pin, that were verified, by
	// the hash of their bytes: most bundles of an export carry the same few.
	chains map[[sha256.Size]byte]*trust.Opened
}

// maxChains bounds what is kept of foreign files: a chain has up to 256 KB.
const maxChains = 8

func newVerifier(pin *signed.KeyID) *verifier {
	return &verifier{pin, map[[sha256.Size]byte]*trust.Opened{}}
}

// logged is what a folder's files say of the log. It is kept only for folders
// without a problem.
type logged struct {
	entry    logproof.Entry
	chain    logproof.Hash
	leaf     logproof.Hash
	point    logproof.Checkpoint
	cosigned bool
	bundle   Bundle
	keys     logKeys
	last     *logproof.Opened // what entry 0 says of the log before; nil when nothing
}

// files is a folder while it is judged.
type files struct {
	*Report
	json, sig, proof []byte
	bundle           Bundle
	parsedSig        Sig
	parsedProof      logproof.Proof
	entry            logproof.Entry
	point            logproof.Checkpoint
	keys             logKeys
	last             *logproof.Opened
	opened           bool // whether the checkpoint's signatures were verified
}

// folder judges one folder. The order decides which file gets the blame: the
// entry, once it is shown to be in the tree, says what the other two must be.
func (v *verifier) folder(dir string) (Report, *logged) {
	f := &files{Report: &Report{Dir: dir, Problems: []Problem{}, Open: []string{}, Notes: []string{}, Witnesses: []string{}}}
	f.read(dir)
	f.parse()
	f.compare()
	if !f.blames(FileSig) {
		v.signature(f)
	}
	if v.pin == nil {
		f.Open = append(f.Open, "signer not pinned: nobody said which Central root to trust (--trust FINGERPRINT)")
	}
	if f.opened && f.CosignedSize == 0 {
		f.Open = append(f.Open, "no witness of the trust document has cosigned the checkpoint yet")
	}
	f.conclude()
	if f.Result == Broken {
		return *f.Report, nil
	}
	return *f.Report, &logged{
		entry: f.entry, chain: logproof.ChainHash(f.parsedProof.Entry), leaf: logproof.LeafHash(f.parsedProof.Entry),
		point: f.point, cosigned: f.CosignedSize > 0, bundle: f.bundle,
		keys: f.keys, last: f.last,
	}
}

// read takes the three files in and notes whatever else is there.
func (f *files) read(dir string) {
	names, err := os.ReadDir(dir)
	if err != nil {
		f.problem(dir, "cannot be read: "+err.Error())
		return
	}
	want := map[string]*[]byte{FileJSON: &f.json, FileSig: &f.sig, FileProof: &f.proof}
	for _, n := range names {
		into, known := want[n.Name()]
		switch {
		case n.Name() == FileOTS && n.Type().IsRegular():
		case !known:
			f.problem(n.Name(), "does not belong into a bundle's folder")
		case !n.Type().IsRegular():
			f.problem(n.Name(), "is not a plain file")
			delete(want, n.Name())
		default:
			delete(want, n.Name())
			if *into, err = readFile(filepath.Join(dir, n.Name())); err != nil {
				f.problem(n.Name(), "cannot be read: "+err.Error())
			}
		}
	}
	for _, name := range []string{FileJSON, FileSig, FileProof} {
		if _, missing := want[name]; missing {
			f.problem(name, "is missing")
		}
	}
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrMalformed, info.Size(), MaxSize)
	}
	return os.ReadFile(path)
}

// parse reads each file's form and checks the inclusion proof, which needs no key.
func (f *files) parse() {
	var err error
	if !f.blames(FileJSON) {
		if f.bundle, err = Decode(f.json); err != nil {
			f.problem(FileJSON, err.Error())
		}
	}
	if !f.blames(FileSig) {
		if f.parsedSig, err = ParseSig(f.sig); err != nil {
			f.problem(FileSig, err.Error())
		}
	}
	if !f.blames(FileProof) {
		if f.parsedProof, err = logproof.ParseProof(f.proof); err == nil {
			f.entry, f.point, err = f.parsedProof.CheckInclusion()
		}
		if err != nil {
			f.problem(FileProof, err.Error())
		}
	}
	b := f.bundle
	f.BundleID, f.Kind, f.SiteID, f.ApplianceID, f.Summary, f.MadeTime = b.BundleID, b.Kind, b.SiteID, b.ApplianceID, b.Summary, b.MadeTime
	f.Origin, f.Index, f.CheckpointSize = f.entry.Origin, f.entry.Position, f.point.Size
}

// compare holds the files against the entry.
func (f *files) compare() {
	if f.blames(FileProof) {
		return
	}
	otherJSON := f.json != nil && logproof.HashOf(f.json) != f.entry.Bundle
	otherSig := f.sig != nil && logproof.HashOf(f.sig) != f.entry.Sig
	switch {
	case otherJSON && otherSig:
		f.problem(FileProof, "is the proof of other files: its entry names neither this bundle.json nor this bundle.sig")
	case otherJSON:
		f.problem(FileJSON, "is not the file that was logged: its SHA-256 is not the one in the log entry")
	case otherSig:
		f.problem(FileSig, "is not the file that was logged: its SHA-256 is not the one in the log entry")
	}
}

// signature checks who signed the bundle and the checkpoint, and under which
// root.
func (v *verifier) signature(f *files) {
	f.Signer = signed.IDOf(f.parsedSig.Key).String()
	opened, err := v.openTrust(f.parsedSig)
	if err != nil {
		f.problem(FileSig, "trust chain does not verify: "+err.Error())
		return
	}
	f.Root = opened.Root.String()
	if v.pin != nil && opened.Root != *v.pin {
		f.problem(FileSig, "signer is not trusted: the chain ends at root "+f.Root+", not at the pinned "+v.pin.String())
	}
	keys := opened.Appliance(signed.IDOf(f.parsedSig.Key))
	if keys == nil {
		f.problem(FileSig, "signer is not an appliance of its trust document")
		return
	}
	if !f.blames(FileJSON) {
		if _, err := f.parsedSig.signer(f.json, opened); err != nil {
			f.problem(FileSig, err.Error())
		} else if err := owned(f.bundle, opened, keys); err != nil {
			f.problem(FileJSON, err.Error())
		}
	}
	if !f.blames(FileProof) {
		f.checkpoint(opened, keys)
	}
	if !f.blames(FileJSON) {
		f.times(opened)
	}
}

func (v *verifier) openTrust(s Sig) (*trust.Opened, error) {
	id := sha256.Sum256(s.Trust)
	if opened, ok := v.chains[id]; ok {
		return opened, nil
	}
	opened, err := s.OpenTrust()
	if err != nil || v.pin != nil && opened.Root != *v.pin {
		return opened, err
	}
	for other := range v.chains {
		if len(v.chains) < maxChains {
			break
		}
		delete(v.chains, other) // any: a cache that thrashes is slow, not wrong
	}
	v.chains[id] = opened
	return opened, nil
}
