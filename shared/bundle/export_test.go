package bundle_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/osiriscare/osiris/shared/bundle"
	"github.com/osiriscare/osiris/shared/bundle/bundletest"
	"github.com/osiriscare/osiris/shared/logproof"
	"github.com/osiriscare/osiris/shared/signed"
)

// export is a log in memory that can be written as folders.
type export struct {
	*bundletest.World
	epoch    uint64
	head     *logproof.Head
	bundles  []bundle.Bundle
	json     [][]byte
	sig      [][]byte
	entries  [][]byte
	nodes    [][]byte
	cosigned map[uint64][]byte // by size
}

// newExport begins the log of an epoch with its entry 0.
func newExport(t testing.TB, w *bundletest.World, epoch uint64) *export {
	t.Helper()
	x := &export{World: w, epoch: epoch, head: logproof.NewHead(w.OriginOf(epoch)), cosigned: map[uint64][]byte{}}
	x.add(t, bundle.Bundle{
		BundleID: bundle.IDOf("epoch/" + x.head.Origin), Kind: bundle.KindEpoch, SiteID: w.SiteID, ApplianceID: w.ApplianceID,
		Source: "appliance", Outcome: bundle.OutcomeNone, MadeTime: bundle.At(bundletest.Epoch), Summary: "A log begins.",
		Epoch: &bundle.Epoch{
			Origin: x.head.Origin, CommandKey: hex.EncodeToString(w.Command.Public()), BundleKey: hex.EncodeToString(w.Bundle.Public()),
			LogVKey: logproof.LogVKey(x.head.Origin, w.Log.Public()), Reason: "first log of this appliance",
		},
	})
	return x
}

func (x *export) add(t testing.TB, b bundle.Bundle) {
	t.Helper()
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	chain, _ := x.Newest()
	x.addFiles(b, data, bundle.Sign(data, x.Bundle, chain).Marshal())
}

func (x *export) addFiles(b bundle.Bundle, data, sig []byte) {
	entry, nodes := x.head.Extend(logproof.HashOf(data), logproof.HashOf(sig))
	x.bundles, x.json, x.sig = append(x.bundles, b), append(x.json, data), append(x.sig, sig)
	x.entries, x.nodes = append(x.entries, entry), append(x.nodes, logproof.JoinNodes(nodes))
}

func (x *export) reader() tlog.HashReader {
	return logproof.NodeReader(func(p uint64) ([]byte, error) { return x.nodes[p], nil })
}

// checkpoint is the log key's checkpoint of all entries.
func (x *export) checkpoint(t testing.TB) []byte {
	t.Helper()
	c, err := x.head.Checkpoint().Sign(logproof.LogSigner(x.head.Origin, x.Log))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cosign has the witness cosign all entries.
func (x *export) cosign(t testing.TB) []byte {
	t.Helper()
	return x.Cosign(t, x.epoch, x.checkpoint(t))
}

// folder is where bundle i belongs under root.
func (x *export) folder(root string, i int) string {
	b := x.bundles[i]
	return filepath.Join(root, b.MadeTime.Time().Format("2006/01/02"), b.BundleID)
}

// write makes the folder of bundle i with this checkpoint.
func (x *export) write(t testing.TB, root string, i int, checkpoint []byte) string {
	t.Helper()
	p, err := logproof.Prove(x.entries[i], uint64(i), checkpoint, x.reader())
	if err != nil {
		t.Fatal(err)
	}
	dir := x.folder(root, i)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, dir, bundle.FileJSON, x.json[i])
	put(t, dir, bundle.FileSig, x.sig[i])
	put(t, dir, bundle.FileProof, p.Marshal())
	return dir
}

// writeAll makes all folders with a cosigned checkpoint.
func (x *export) writeAll(t testing.TB, root string) {
	t.Helper()
	cosigned := x.cosign(t)
	for i := range x.bundles {
		x.write(t, root, i, cosigned)
	}
}

// verifyTree judges an export.
func verifyTree(t testing.TB, root string, pin *signed.KeyID) bundle.TreeReport {
	t.Helper()
	r, err := bundle.VerifyTree(t.Context(), root, pin, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func put(t testing.TB, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// practice is an export with entry 0 and three drifts.
func practice(t testing.TB, seed string) *export {
	t.Helper()
	x := newExport(t, bundletest.NewWorld(t, seed), 0)
	for n := range uint64(3) {
		x.add(t, x.Drift(n+1))
	}
	return x
}
