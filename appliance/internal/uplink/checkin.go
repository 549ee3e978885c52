package uplink

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/osiriscare/osiris/appliance/internal/identity"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// checkIns tells Central how things are, on time and after changes, until ctx
// ends.
func (u *Uplink) checkIns(ctx context.Context) {
	var wait backoff
	for ctx.Err() == nil {
		next, err := u.CheckIn(ctx)
		u.reached(ctx, roadCheckIn, err)
		if err != nil {
			wait.sleep(ctx)
			continue
		}
		wait.reset()
		u.pause(ctx, next)
	}
}

// pause waits until the next check-in is due or asked for.
func (u *Uplink) pause(ctx context.Context, next time.Duration) {
	sleep(ctx, checkInLeast)
	timer := time.NewTimer(next - checkInLeast)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-u.poke:
	case <-timer.C:
	}
}

// CheckIn does it once and says when the next one is due.
func (u *Uplink) CheckIn(ctx context.Context) (next time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	request, err := u.report(ctx)
	if err != nil {
		return 0, fmt.Errorf("gathering what to report: %w", err)
	}
	answer, err := u.client.CheckIn(ctx, connect.NewRequest(request))
	if err != nil {
		return 0, fmt.Errorf("checking in: %w", err)
	}
	next = u.Interval
	if asked := time.Duration(answer.Msg.GetNextCheckInMs()) * time.Millisecond; asked > 0 {
		next = min(next, asked)
	}
	return max(next, checkInLeast), u.obey(ctx, answer.Msg)
}

func (u *Uplink) report(ctx context.Context) (*centralv1.CheckInRequest, error) {
	open, err := u.State.OpenIncidents(ctx)
	if err != nil {
		return nil, err
	}
	waiting, err := u.State.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	_, cosigned, err := u.Log.LastCosigned(ctx)
	if err != nil {
		return nil, err
	}
	decided, err := u.Agents.Decided(ctx)
	if err != nil {
		return nil, err
	}
	origin, size, _ := u.Log.Size()
	current := u.Policy.Current()
	m := &centralv1.CheckInRequest{
		Hostname: u.Hostname, Version: u.Version, SentMs: time.Now().UnixMilli(), UptimeMs: time.Since(u.started).Milliseconds(),
		TrustVersion: current.TrustVersion(), PolicyVersion: current.PolicyVersion(), Hosts: u.State.Hosts(),
		LogOrigin: origin, LogSize: size, EvidenceBacklog: waiting + size - min(size, cosigned), OpenIncidents: open,
		DecisionVersion: decided,
	}
	return m, u.tell(ctx, m)
}

// obey takes what Central sent along. Settings that do not verify are refused
// and change nothing; the next check-in asks again.
func (u *Uplink) obey(ctx context.Context, m *centralv1.CheckInResponse) error {
	before := u.Policy.Current()
	refused := u.Policy.Offer(ctx, m.GetTrust(), m.GetPolicy())
	if refused != nil {
		u.log.ErrorContext(ctx, "signed settings refused", "error", refused)
	}
	if now := u.Policy.Current(); now != before {
		u.log.InfoContext(ctx, "signed settings taken", "trust_version", now.TrustVersion(), "policy_version", now.PolicyVersion())
	}
	taken, refused := u.Agents.Obey(ctx, m.GetDecisions())
	if refused != nil {
		u.log.ErrorContext(ctx, "decision about an agent refused", "error", refused)
	}
	if taken > 0 {
		u.Poke() // people at Central wait to see it
	}
	u.take(ctx, m)
	if len(m.GetTlsCertificate()) == 0 && len(m.GetCaCertificate()) == 0 {
		return nil
	}
	if len(m.GetSiteRoot()) > 0 && !rootLive(m.GetSiteRoot(), u.Policy.Current().SiteRoots()) {
		u.log.ErrorContext(ctx, "re-issued certificates refused", "error", errRoot)
		return nil
	}
	next, refused := u.ident.Load().Renew(identity.Certificates{
		TLS: m.GetTlsCertificate(), CA: m.GetCaCertificate(), SiteRoot: m.GetSiteRoot(), Others: m.GetOtherAuthorities(),
	})
	if refused != nil {
		u.log.ErrorContext(ctx, "re-issued certificates refused", "error", refused)
		return nil
	}
	u.ident.Store(next)
	if err := u.Renewed(next); err != nil {
		return fmt.Errorf("taking up re-issued certificates: %w", err)
	}
	u.log.InfoContext(ctx, "certificates re-issued")
	return nil
}
