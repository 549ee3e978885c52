package order

import (
	"context"
	"errors"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/host"
	"github.com/osiriscare/osiris/appliance/internal/remote/script"
	"github.com/osiriscare/osiris/appliance/internal/remote/ssh"
	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// askTime is how long a host may take to show its keys.
const askTime = 30 * time.Second

// Outcomes of a host key.
const (
	replaced  = "replaced"
	forgotten = "forgotten"
	failed    = "failed"
	refused   = "refused"
)

// hostKey forgets the pin of an SSH host, or puts the accepted key in its place.
// What it is about to do is kept first, so that it is done once: a key that was
// pinned since is not forgotten again because the result could not be kept.
func (r *Runner) hostKey(ctx context.Context, o *row, in *centralv1.HostKeyOrder, nowMs int64) error {
	t, h, err := r.target(ctx, o)
	if errors.Is(err, errUnlisted) {
		return r.refuse(ctx, o, nowMs, refusal{why: "The target was removed before the key was looked at."})
	}
	if err != nil {
		return err
	}
	endpoint := ssh.Endpoint{Host: t.Host, Port: t.Port}
	pinned, err := r.Keys.Known(ctx, endpoint.Address())
	if err != nil {
		return err
	}
	if o.did(in, ssh.Fingerprint(pinned)) {
		return r.conclude(ctx, o, h, o.Result)
	}
	for _, no := range []*refusal{o.window(nowMs), changed(o.Order, t), r.judge(o.Order, t)} { // as time went by since it was admitted
		if no != nil {
			return r.refuse(ctx, o, nowMs, *no)
		}
	}
	out := &centralv1.OrderResult{HostId: h.ID, Lab: t.Lab}
	out.PinnedFingerprint = ssh.Fingerprint(pinned)
	limited, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	key, err := r.Shower.Shown(limited, endpoint, func(fingerprint string) bool {
		if out.ShownFingerprint == "" {
			out.ShownFingerprint = fingerprint
		}
		return in.GetAccept() == "" || fingerprint == in.GetAccept()
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	away := ""
	if err != nil {
		away = err.Error() + "."
	}
	if in.GetAccept() == "" {
		err = r.forget(ctx, o, endpoint, out, away)
	} else {
		err = r.accept(ctx, o, endpoint, out, key, in.GetAccept(), away)
	}
	if err != nil {
		return err
	}
	return r.conclude(ctx, o, h, out)
}

// did tells whether what was about to be done has been done, by the key that is
// pinned now.
func (o *row) did(in *centralv1.HostKeyOrder, pinned string) bool {
	switch {
	case o.Result == nil:
		return false
	case in.GetAccept() != "":
		return pinned == in.GetAccept()
	}
	return pinned != o.Result.GetPinnedFingerprint()
}

// intend keeps what is about to be done.
func (r *Runner) intend(ctx context.Context, o *row, out *centralv1.OrderResult) error {
	o.Result, o.Detail = out, ""
	return r.write(ctx, o, nil)
}

// forget lets the host show any key next. What it shows now is for the operator
// to compare; away is why it could not be asked.
func (r *Runner) forget(ctx context.Context, o *row, e ssh.Endpoint, out *centralv1.OrderResult, away string) error {
	out.Outcome, out.Message = forgotten, "The pinned key was forgotten; the next one that the host shows is pinned."
	if out.PinnedFingerprint == "" {
		out.Message = "No key was pinned; the next one that the host shows is."
	}
	if away != "" {
		out.Message += " The host could not be asked for it now: " + away
	}
	out.Advice = "Compare the fingerprint with what ssh-keygen -lf says on the host itself."
	if err := r.intend(ctx, o, out); err != nil {
		return err
	}
	_, err := r.Keys.Reset(ctx, e.Address())
	return err
}

// accept pins the key with a fingerprint if the host shows it.
func (r *Runner) accept(ctx context.Context, o *row, e ssh.Endpoint, out *centralv1.OrderResult, key []byte, fingerprint, away string) error {
	switch {
	case away != "":
		out.Outcome, out.Message = failed, "Nothing was changed, because the host could not be asked for its key: "+away
		return nil
	case key == nil:
		out.Outcome, out.Message = refused, "Nothing was changed: the host shows no key with the fingerprint "+fingerprint+"."
		out.Advice = "Find out which host answers there before any key is accepted."
		return nil
	}
	out.Outcome, out.Message, out.ShownFingerprint = replaced, "The host's key is pinned.", fingerprint
	if err := r.intend(ctx, o, out); err != nil {
		return err
	}
	return r.Keys.Replace(ctx, e.Address(), key)
}

// conclude keeps a result together with its evidence.
func (r *Runner) conclude(ctx context.Context, o *row, h host.Host, out *centralv1.OrderResult) error {
	if out.BundleId == "" {
		out.BundleId = resultBundle(o.ID)
	}
	o.State, o.EndedMs, o.Detail, o.Result = done, time.Now().UnixMilli(), "", out
	if err := r.write(ctx, o, r.resultEvidence(o, h)); err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "order carried out", "order_id", o.ID, "target", o.Order.GetTarget(), "person", o.Order.GetPerson(),
		"outcome", out.GetOutcome(), "message", out.GetMessage())
	return nil
}

// refuse ends an order that is not begun.
func (r *Runner) refuse(ctx context.Context, o *row, nowMs int64, no refusal) error {
	t, h, err := r.target(ctx, o)
	if err != nil {
		t, h = script.Target{}, host.Host{} // the refusal is of the site then
	}
	if o.BegunMs == 0 {
		o.BegunMs = nowMs
	}
	return r.conclude(ctx, o, h, &centralv1.OrderResult{
		Outcome: refused, Message: no.why, Advice: no.advice, HostId: h.ID, Lab: t.Lab, BundleId: no.bundle,
	})
}
