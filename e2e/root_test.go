//go:build integration

package e2e_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// shown are the fingerprints of what the appliance shows above its certificate.
func (s *site) shown(ctx context.Context) ([]string, error) {
	d := tls.Dialer{Config: &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"},
		InsecureSkipVerify: true, //nolint:gosec // only looks
	}}
	conn, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", s.Ports().Agent))
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // nothing was said on it
	var all []string
	for _, c := range conn.(*tls.Conn).ConnectionState().PeerCertificates[1:] {
		hash := sha256.Sum256(c.RawSubjectPublicKeyInfo)
		all = append(all, hex.EncodeToString(hash[:]))
	}
	return all, nil
}

// reports breaks the computer and waits for its report.
func (s *site) reports(content string) {
	s.t.Helper()
	line := s.Agent.Name + ": fail"
	if content == hardened {
		line = s.Agent.Name + ": pass"
	}
	before := s.count(line)
	s.write(s.Agent, content)
	s.until("the agent reports", func(context.Context) error {
		if s.count(line) == before {
			return errors.New("it does not")
		}
		return nil
	})
}

// TestASitesRootIsChangedUnderItsAgents rotates the site's root. An agent that is
// connected goes on, one that was off meanwhile finds the appliance by the root it
// knows, and when the former root is gone both still do.
func TestASitesRootIsChangedUnderItsAgents(t *testing.T) {
	s := start(t, trustv1.Tier_TIER_MONITOR_ONLY)
	id, off := s.agentID(s.Agent), s.join()
	if err := off.Stop(); err != nil {
		t.Fatal(err)
	}
	former := s.roots()[0]
	var next string
	s.must("rotating", func(ctx context.Context) error {
		r, err := s.Fleet.RotateSiteRoot(ctx, connect.NewRequest(&centralv1.RotateSiteRootRequest{SiteId: s.SiteID, Reason: "a test"}))
		if err == nil {
			next = r.Msg.GetFingerprint()
		}
		return err
	})
	s.until("the appliance shows both roots", func(ctx context.Context) error {
		all, err := s.shown(ctx)
		if err == nil && (len(all) != 4 || !slices.Contains(all, former) || !slices.Contains(all, next)) {
			err = fmt.Errorf("it shows %v", all)
		}
		return err
	})
	s.reports(broken)

	t.Log("who was off knows the former root only, and is let in and told")
	s.restart(off)

	t.Log("a renewal in this time is under both")
	s.age(s.Agent, time.Now().Add(-20*day), time.Now().Add(10*day))
	s.restart(s.Agent)
	if got := s.certificates(s.Agent); len(got) != 5 || got[0].Subject.CommonName != id {
		t.Errorf("the agent %s shows %d certificates after its renewal; want its own and two chains", got[0].Subject.CommonName, len(got))
	}

	t.Log("the former root is removed")
	taken := s.count(s.Agent.Name + ": policy applied")
	s.must("removing", func(ctx context.Context) error {
		_, err := s.Fleet.RemoveSiteRoot(ctx, connect.NewRequest(&centralv1.RemoveSiteRootRequest{
			SiteId: s.SiteID, Fingerprint: former, Reason: "a test", Force: true,
		}))
		return err
	})
	s.until("the agent has the document that says so", s.more(s.Agent.Name+": policy applied", taken))
	if got := s.roots(); len(got) != 1 || got[0] != next {
		t.Errorf("the live roots are %v; want %s alone", got, next)
	}
	s.Agent.Kill() //nolint:errcheck // it runs
	s.restart(s.Agent)
	if err := off.Stop(); err != nil {
		t.Fatal(err)
	}
	s.restart(off)
	s.reports(hardened)
	if got := s.agentID(s.Agent); got != id {
		t.Errorf("the agent is %s now; want %s as before", got, id)
	}
	t.Log("a computer that enrols now pins the new root")
	s.join()
}

// roots are the fingerprints of the site's live roots.
func (s *site) roots() (all []string) {
	s.t.Helper()
	s.must("listing roots", func(ctx context.Context) error {
		r, err := s.Fleet.ListSiteRoots(ctx, connect.NewRequest(&centralv1.ListSiteRootsRequest{SiteId: s.SiteID}))
		if err != nil {
			return err
		}
		for _, v := range r.Msg.GetRoots() {
			all = append(all, v.GetFingerprint())
		}
		return nil
	})
	return all
}
