package directory

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// Watched says who watches a computer, as central.v1.DirectoryComputer has it;
// it is asked anew for every report.
type Watched func(ctx context.Context) (func(c *Computer) string, error)

// Report tells Central of a Book's computers. It is a setting of the uplink: each
// check-in says which report there is, and brings it once Central asks.
type Report struct {
	book    *Book
	watched Watched

	mu     sync.Mutex
	wanted bool // by Central
	// brought means that the newest check-in had the report, and was not answered.
	// The next goes without, so that a report nobody can take stops nothing else.
	brought bool
}

// NewReport makes a Report.
func NewReport(b *Book, watched Watched) *Report { return &Report{book: b, watched: watched} }

// Tell adds the report's state to a check-in, and the report when it was asked
// for.
func (r *Report) Tell(ctx context.Context, m *centralv1.CheckInRequest) error {
	report, err := r.make(ctx)
	if err != nil {
		return err
	}
	if len(report.GetDomains()) == 0 {
		return nil
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(report)
	if err != nil {
		return fmt.Errorf("writing the report on domains: %w", err)
	}
	sum := sha256.Sum256(body)
	m.DirectoryState = sum[:]
	r.mu.Lock()
	defer r.mu.Unlock()
	r.brought = r.wanted && !r.brought
	if r.brought {
		m.Directory = report
	}
	return nil
}

// Take notes whether Central asks for the report.
func (r *Report) Take(_ context.Context, m *centralv1.CheckInResponse) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed = m.GetDirectoryWanted() && !r.wanted
	r.wanted, r.brought = m.GetDirectoryWanted(), false
	return changed, nil
}

func (r *Report) make(ctx context.Context) (*centralv1.DirectoryReport, error) {
	m := &centralv1.DirectoryReport{}
	domains := r.book.Domains()
	if len(domains) == 0 {
		return m, nil
	}
	who, err := r.watched(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading who watches the domains' computers: %w", err)
	}
	for i := range domains {
		m.Domains = append(m.Domains, domainMessage(&domains[i], r.book.ambiguous(domains[i].Target)))
	}
	all := r.book.Computers()
	for i := range all {
		m.Computers = append(m.Computers, computerMessage(&all[i], who(&all[i])))
	}
	return m, nil
}

func domainMessage(s *Standing, ambiguous int) *centralv1.DirectoryDomain {
	problem, since := s.Problem, s.ProblemSince
	if problem == "" && !s.Blocked.IsZero() {
		problem, since = blocked, s.Blocked
	}
	return &centralv1.DirectoryDomain{
		TargetId: s.Target, Name: s.Name, Domain: s.Domain, Controller: clip(s.Controller), ListedMs: msOf(s.Listed), FullMs: msOf(s.Full),
		Problem: problem, ProblemSinceMs: msOf(since), Held: s.Held != "", Truncated: s.Truncated,
		Others: count(s.Others), LeftOut: count(s.LeftOut), Skipped: count(s.Skipped), Referrals: count(s.Referrals), Ambiguous: count(ambiguous),
	}
}

// computerMessage is 700 bytes long at most, so that maxComputers are some 14 MB: a
// check-in may have 32.
func computerMessage(c *Computer, watched string) *centralv1.DirectoryComputer {
	return &centralv1.DirectoryComputer{
		TargetId: c.Target, ObjectGuid: string(c.GUID), Name: cut(c.Name, 64), DnsName: cut(c.DNSName, 255), Os: cut(c.OS, 128), OsVersion: cut(c.OSVersion, 64),
		Kind: string(c.Kind), LastLogonMs: msOf(c.LastLogon), Stale: c.Stale, Gone: string(c.Gone), GoneMs: msOf(c.GoneAt),
		FirstSeenMs: msOf(c.FirstSeen), Watched: watched,
	}
}

func count(n int) uint32 { return uint32(max(0, n)) } //nolint:gosec // a count of rows
