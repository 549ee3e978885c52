package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/protobuf/proto"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/catalog/rmm"
	"github.com/osiriscare/osiris/shared/signed"
)

// signatures compiles shared/catalog/rmm and signs it, for the appliances' data
// folders. Programs are stamped with -X main.signatureKeys=1:HEX of its key.
func signatures(f *flag.FlagSet, args []string, out io.Writer, now time.Time) error {
	keyFile := f.String("key", "", "`FILE` of the signing key, as release key makes it")
	to := f.String("out", "signatures.bin", "`FILE` that goes into appliances' data folders")
	after := f.String("after", "", "`FILE` of the list before, whose version is exceeded")
	valid := f.Duration("valid", 90*day, "how long the list proves that something is absent")
	if err := f.Parse(args); err != nil {
		return err
	}
	// Not LoadOrCreate alone: a mistyped name must not make a key nobody knows.
	if _, err := os.Stat(*keyFile); err != nil {
		return fmt.Errorf("--key: %w", err)
	}
	k, err := signed.LoadOrCreate(*keyFile)
	if err != nil {
		return err
	}
	previous, err := versionOf(*after)
	if err != nil {
		return err
	}
	products, err := rmm.Products()
	if err != nil {
		return err
	}
	list, err := rmm.Compile(products, previous, now, *valid)
	if err != nil {
		return err
	}
	envelope, err := rmm.Seal(k, list)
	if err != nil {
		return err
	}
	body, err := proto.Marshal(envelope)
	if err != nil {
		return fmt.Errorf("encoding signature list: %w", err)
	}
	if err := os.WriteFile(*to, body, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "signature list %d: %d products, %d bytes, key %s\n", list.GetVersion(), len(list.GetProducts()), len(body), k.ID())
	return err
}

// versionOf is the version of the list in a file, 0 without one.
func versionOf(file string) (uint64, error) {
	if file == "" {
		return 0, nil
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("--after: %w", err)
	}
	envelope, list := &trustv1.SignedEnvelope{}, &trustv1.SignatureList{}
	if err := errors.Join(proto.Unmarshal(body, envelope), proto.Unmarshal(envelope.GetPayload(), list)); err != nil || list.GetVersion() == 0 {
		return 0, fmt.Errorf("--after: %s is no signature list", file)
	}
	return list.GetVersion(), nil
}
