package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// evidence lists all bundles that Central has of the site, by bundle id.
func (r *round) evidence(ctx context.Context) (map[string]*centralv1.Evidence, error) {
	all := map[string]*centralv1.Evidence{}
	page := ""
	for {
		list, err := r.stack.Fleet.ListEvidence(ctx, connect.NewRequest(&centralv1.ListEvidenceRequest{SiteId: r.stack.SiteID, PageToken: page}))
		if err != nil {
			return nil, fmt.Errorf("listing evidence: %w", err)
		}
		for _, e := range list.Msg.GetEvidence() {
			all[e.GetBundleId()] = e
		}
		if page = list.Msg.GetNextPageToken(); page == "" {
			return all, nil
		}
	}
}

// kinds waits until Central has evidence of this kind and outcome for the
// check.
func (r *round) kinds(ctx context.Context, kind, outcome string) error {
	return until(ctx, fmt.Sprintf("there is no evidence of a %s with outcome %s", kind, outcome), func(ctx context.Context) (bool, error) {
		all, err := r.evidence(ctx)
		for _, e := range all {
			if e.GetKind() == kind && e.GetOutcome() == outcome && e.GetCheckId() == checkID {
				return true, err
			}
		}
		return false, err
	})
}

func (r *round) healingProven(ctx context.Context) error {
	return r.proven(ctx, [][2]string{{"drift", ""}, {"command", ""}, {"result", "success"}})
}

func (r *round) failureProven(ctx context.Context) error {
	return r.proven(ctx, [][2]string{{"result", "reverted"}, {"escalation", ""}})
}

// proven waits until Central has a witnessed bundle of each kind and outcome
// for the check, and its exported folder proves itself from files alone.
func (r *round) proven(ctx context.Context, wanted [][2]string) error {
	for _, w := range wanted {
		if err := r.bundle(ctx, w[0], w[1], checkID); err != nil {
			return err
		}
	}
	return nil
}

// bundle waits until Central has a witnessed bundle of a kind and outcome, "" for
// any, about a check, and its exported folder proves itself from files alone.
func (r *round) bundle(ctx context.Context, kind, outcome, check string) error {
	what := fmt.Sprintf("the %s is not proven", strings.TrimSpace(kind+" "+outcome))
	return until(ctx, what, func(ctx context.Context) (bool, error) {
		all, err := r.evidence(ctx)
		if err != nil {
			return false, err
		}
		for id, e := range all {
			if e.GetCheckId() == check && e.GetKind() == kind && (outcome == "" || e.GetOutcome() == outcome) && e.GetWitnessed() {
				err := r.verifyBundle(ctx, id)
				return err == nil, err
			}
		}
		return false, nil
	})
}

// folders finds the exported bundle folders by bundle id.
func (r *round) folders() (map[string]string, error) {
	found, err := filepath.Glob(filepath.Join(r.stack.EvidenceDir(), "*", "*", "*", "*", "bundle.json"))
	if err != nil {
		return nil, fmt.Errorf("listing exported evidence: %w", err)
	}
	folders := map[string]string{}
	for _, f := range found {
		folders[filepath.Base(filepath.Dir(f))] = filepath.Dir(f)
	}
	return folders, nil
}

// verifyBundle runs the auditor's command on one folder.
func (r *round) verifyBundle(ctx context.Context, id string) error {
	folders, err := r.folders()
	if err != nil {
		return err
	}
	if folders[id] == "" {
		return fmt.Errorf("bundle %s is not exported yet", id)
	}
	return r.verify(ctx, folders[id])
}

// verify runs the auditor's command; nothing but exit code 0 will do.
func (r *round) verify(ctx context.Context, path string) error {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, r.binaries["osirisctl"], "evidence", "verify", path, "--trust", r.res.Trust)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("verifying %s: %w: %s", path, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// allProven waits until every bundle is exported, listed by Central and proven.
// The agent goes on meanwhile, so the two lists are compared until they agree.
func (r *round) allProven(ctx context.Context) error {
	err := until(ctx, "not all evidence is proven and listed", func(ctx context.Context) (bool, error) {
		folders, err := r.folders()
		if err != nil {
			return false, err
		}
		if err := r.verify(ctx, r.stack.EvidenceDir()); err != nil {
			return false, err
		}
		listed, err := r.evidence(ctx)
		if err != nil {
			return false, err
		}
		for id := range folders {
			if listed[id] == nil {
				return false, fmt.Errorf("bundle %s is not listed by Central", id)
			}
		}
		if len(folders) < len(listed) {
			return false, fmt.Errorf("%d bundles are listed and %d exported", len(listed), len(folders))
		}
		r.logged = len(folders)
		return true, nil
	})
	if err == nil && r.logged == 0 {
		err = errors.New("there is no evidence")
	}
	if err == nil {
		r.show.say("%d bundles proven: osirisctl evidence verify %s --trust %s", r.logged, r.stack.EvidenceDir(), r.res.Trust)
	}
	return err
}
