package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/shared/bundle"
)

// orPrint prints m as JSON unless there is an error.
func orPrint(s *shell, err error, m proto.Message) error {
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	return s.printMessage(m)
}

func evidenceList(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	all := &centralv1.ListEvidenceResponse{}
	all.NextPageToken, err = s.pages(func(token string, size uint32) (int, string, error) {
		r, err := c.ListEvidence(ctx, connect.NewRequest(&centralv1.ListEvidenceRequest{
			SiteId: o.site, HostId: o.host, IncidentId: o.incident, CheckId: o.check, PageToken: token, PageSize: size,
		}))
		if err != nil {
			return 0, "", err
		}
		all.Evidence = append(all.Evidence, r.Msg.GetEvidence()...)
		return len(all.Evidence), r.Msg.GetNextPageToken(), nil
	})
	if err != nil || s.json {
		return orPrint(s, err, all)
	}
	var rows [][]string
	for _, v := range all.GetEvidence() {
		rows = append(rows, []string{v.GetBundleId(), v.GetKind(), v.GetOutcome(), when(v.GetMadeMs()), number(v.GetLogIndex()), v.GetSummary()})
	}
	s.more(all.GetNextPageToken())
	return s.table("BUNDLE\tKIND\tOUTCOME\tMADE\tENTRY\tSUMMARY", rows)
}

// evidenceGet writes a bundle's folder; a folder that is there is not touched.
func evidenceGet(ctx context.Context, s *shell, o *options, args []string) error {
	if _, err := bundle.RawID(args[0]); err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.GetEvidence(ctx, connect.NewRequest(&centralv1.GetEvidenceRequest{SiteId: o.site, BundleId: args[0]}))
	if err != nil {
		return fmt.Errorf("fetching evidence %s: %w", args[0], err)
	}
	dir := filepath.Join(o.out, args[0])
	if err := os.MkdirAll(o.out, 0o700); err != nil {
		return fmt.Errorf("making folder: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("making folder: %w; remove it or choose another with --out", err)
	}
	for _, f := range r.Msg.GetFiles() {
		if !slices.Contains([]string{bundle.FileJSON, bundle.FileSig, bundle.FileProof}, f.GetName()) {
			return errors.New("fetching evidence: Central sent a file of an unknown name")
		}
		if err := os.WriteFile(filepath.Join(dir, f.GetName()), f.GetContent(), 0o600); err != nil {
			return fmt.Errorf("writing evidence: %w", err)
		}
	}
	if s.json {
		return s.printJSON(map[string]string{"dir": dir, "sha256": r.Msg.GetEvidence().GetSha256()})
	}
	_, err = fmt.Fprintf(s.stdout, "wrote %s\nverify it: osirisctl evidence verify %s --trust FINGERPRINT\n", dir, dir)
	return err
}
