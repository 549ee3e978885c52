// Command release is how a vendor signs what agents update themselves to
// (DESIGN D37, docs/updates.md). Verbs, each with --help:
//
//	key       make a signing key
//	root      prepare the next root metadata
//	add       name a program in the next targets metadata
//	sign      sign the newest root or targets with one key
//	publish   make snapshot and timestamp, judge everything, write agent.bundle
//	anchor    print what programs are stamped with
//
//	signatures  compile and sign the list that recognises remote management
//	            software, for appliances' data folders
//
// Root and targets keys never meet on one machine: the folder travels.
package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/tools/release/internal/repository"
)

const day = 24 * time.Hour

func main() {
	if err := run(os.Args[1:], os.Stdout, time.Now()); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run is main without the process.
func run(args []string, out io.Writer, now time.Time) error {
	verbs := map[string]func(*flag.FlagSet, []string, io.Writer, time.Time) error{
		"key": key, "root": root, "add": add, "sign": sign, "publish": publish, "anchor": anchor,
		"signatures": signatures,
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		return errors.New("use: release key, root, add, sign, publish, anchor or signatures; each has --help")
	}
	return verbs[args[0]](flag.NewFlagSet("release "+args[0], flag.ContinueOnError), args[1:], out, now)
}

func key(f *flag.FlagSet, args []string, out io.Writer, _ time.Time) error {
	file := f.String("out", "", "`FILE` for the secret seed; it must not exist")
	if err := f.Parse(args); err != nil {
		return err
	}
	if _, err := os.Stat(*file); *file == "" || err == nil {
		return errors.New("--out names a file that does not exist yet")
	}
	k, err := signed.LoadOrCreate(*file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, repository.Hex(k.Public()))
	return err
}

// keys is a flag of public keys, "2:HEX,HEX,HEX".
func keys(text string) (threshold int, public []ed25519.PublicKey, err error) {
	number, list, ok := strings.Cut(text, ":")
	if _, err := fmt.Sscanf(number, "%d", &threshold); err != nil || !ok {
		return 0, nil, fmt.Errorf("%q is not THRESHOLD:KEY,KEY", text)
	}
	for _, digits := range strings.Split(list, ",") {
		k, err := hex.DecodeString(digits)
		if err != nil || len(k) != ed25519.PublicKeySize {
			return 0, nil, fmt.Errorf("%q is not a public key of 64 hexadecimal digits", digits)
		}
		public = append(public, k)
	}
	return threshold, public, nil
}

func root(f *flag.FlagSet, args []string, out io.Writer, now time.Time) error {
	dir := f.String("dir", "", "the repository's `FOLDER`")
	valid := f.Duration("valid", 365*day, "how long it holds")
	texts := map[string]*string{}
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		texts[role] = f.String(role, "", "public keys of "+role+", `THRESHOLD:KEY,KEY`")
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	spec := repository.RootSpec{Expires: now.Add(*valid), Keys: map[string][]ed25519.PublicKey{}, Threshold: map[string]int{}}
	for role, text := range texts {
		threshold, public, err := keys(*text)
		if err != nil {
			return fmt.Errorf("--%s: %w", role, err)
		}
		spec.Threshold[role], spec.Keys[role] = threshold, public
	}
	r, err := repository.Open(*dir)
	if err != nil {
		return err
	}
	version, err := r.Root(spec)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "root %d is prepared; release sign --role root adds signatures\n", version)
	return err
}

func add(f *flag.FlagSet, args []string, out io.Writer, now time.Time) error {
	var p repository.Program
	dir := f.String("dir", "", "the repository's `FOLDER`")
	valid := f.Duration("valid", 90*day, "how long it holds")
	f.StringVar(&p.OS, "os", "", "`GOOS` of the program")
	f.StringVar(&p.Arch, "arch", "", "`GOARCH` of the program")
	f.StringVar(&p.Version, "version", "", "`VERSION` as the program prints it")
	f.Int64Var(&p.Built, "built", 0, "`SECONDS` of Unix time, as stamped into the program")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return errors.New("use: release add [flags] PROGRAM")
	}
	var err error
	if p.Content, err = os.ReadFile(f.Arg(0)); err != nil {
		return err
	}
	p.Path = path.Join("agent", p.Version, p.OS+"-"+p.Arch, filepath.Base(f.Arg(0)))
	r, err := repository.Open(*dir)
	if err != nil {
		return err
	}
	version, err := r.Targets(now.Add(*valid), p)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "targets %d is prepared with %s; release sign --role targets adds signatures\n", version, p.Path)
	return err
}

func sign(f *flag.FlagSet, args []string, _ io.Writer, _ time.Time) error {
	dir := f.String("dir", "", "the repository's `FOLDER`")
	role := f.String("role", "", "root or targets")
	file := f.String("key", "", "`FILE` that release key made")
	if err := f.Parse(args); err != nil {
		return err
	}
	k, err := readKey(*file)
	if err != nil {
		return err
	}
	r, err := repository.Open(*dir)
	if err != nil {
		return err
	}
	return r.Sign(*role, k)
}

// readKey never makes a key.
func readKey(file string) (*signed.Key, error) {
	seed, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading key: %w", err)
	}
	return signed.NewKey(seed)
}

func publish(f *flag.FlagSet, args []string, out io.Writer, now time.Time) error {
	dir := f.String("dir", "", "the repository's `FOLDER`")
	snapshot := f.String("snapshot-key", "", "`FILE` that release key made")
	timestamp := f.String("timestamp-key", "", "`FILE` that release key made")
	snapshotValid := f.Duration("snapshot-valid", 30*day, "how long the snapshot holds")
	timestampValid := f.Duration("timestamp-valid", 14*day, "how long the timestamp holds")
	if err := f.Parse(args); err != nil {
		return err
	}
	o := repository.Online{SnapshotExpires: now.Add(*snapshotValid), TimestampExpires: now.Add(*timestampValid)}
	var err error
	if o.Snapshot, err = readKey(*snapshot); err != nil {
		return err
	}
	if o.Timestamp, err = readKey(*timestamp); err != nil {
		return err
	}
	r, err := repository.Open(*dir)
	if err != nil {
		return err
	}
	if err := r.Publish(o, now); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "published; the folder may go to appliances")
	return err
}

func anchor(f *flag.FlagSet, args []string, out io.Writer, _ time.Time) error {
	dir := f.String("dir", "", "the repository's `FOLDER`")
	if err := f.Parse(args); err != nil {
		return err
	}
	r, err := repository.Open(*dir)
	if err != nil {
		return err
	}
	text, err := r.Anchor()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, text)
	return err
}
