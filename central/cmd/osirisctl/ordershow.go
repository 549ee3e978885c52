package main

import (
	"fmt"
	"strings"
	"time"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// showOrder prints an order and what became of it, for people.
func (s *shell) showOrder(p *centralv1.PlacedOrder) error {
	var b strings.Builder
	o := p.GetOrder()
	fmt.Fprintf(&b, "order %s\n%s on %s, by %s at %s\n", p.GetOrderId(), plain(ordered(o)), plain(o.GetTarget()), plain(o.GetPerson()), when(o.GetMadeMs()))
	if o.GetReason() != "" {
		fmt.Fprintf(&b, "why: %s\n", plain(o.GetReason()))
	}
	r := p.GetReport().GetResult()
	if r == nil {
		fmt.Fprintf(&b, "%s\n", plain(progress(p)))
		if !ended(p) {
			fmt.Fprintf(&b, "it may begin until %s; osirisctl runbook orders %s --wait 2m shows what becomes of it\n", when(o.GetNotAfterMs()), p.GetOrderId())
		}
		_, err := s.stdout.Write([]byte(b.String()))
		return err
	}
	fmt.Fprintf(&b, "\n%s: %s\n", outcomeWords(p), plain(r.GetMessage()))
	if r.GetAdvice() != "" {
		fmt.Fprintf(&b, "what to do: %s\n", plain(r.GetAdvice()))
	}
	writePhases(&b, r)
	writeSight(&b, "found", r.GetBefore())
	writeSight(&b, "afterwards", r.GetAfter())
	writeSteps(&b, p)
	if o.GetHostKey() != nil {
		fmt.Fprintf(&b, "\npinned before  %s\nhost shows     %s\n", plain(r.GetPinnedFingerprint()), plain(r.GetShownFingerprint()))
	}
	if r.GetLeftOut() > 0 {
		fmt.Fprintf(&b, "\n%d parts are left out here; the evidence has them\n", r.GetLeftOut())
	}
	fmt.Fprintf(&b, "\nhost %s, marked lab: %s; evidence %s\n", plain(r.GetHostId()), yes(r.GetLab()), plain(r.GetBundleId()))
	_, err := s.stdout.Write([]byte(b.String()))
	return err
}

// outcomeWords is the result in words that need no manual.
func outcomeWords(p *centralv1.PlacedOrder) string {
	words := map[string]string{
		"healed": "healed and verified", "not_needed": "nothing to do", "rolled_back": "not healed, and rolled back", "failed": "failed",
		"refused": "refused, nothing was changed", "dry_run": "drift found; it was a dry run", "replaced": "replaced", "forgotten": "forgotten",
	}
	outcome := p.GetReport().GetResult().GetOutcome()
	if w := words[outcome]; w != "" {
		return w
	}
	return plain(outcome)
}

func writePhases(b *strings.Builder, r *centralv1.OrderResult) {
	if len(r.GetPhases()) == 0 {
		return
	}
	b.WriteString("\nwhat ran\n")
	for _, p := range r.GetPhases() {
		mark := "ok"
		if !p.GetOk() {
			mark = "NOT OK"
		}
		took := time.Duration(p.GetTookMs()) * time.Millisecond
		fmt.Fprintf(b, "  %-10s %-7s %8s  %s\n", plain(p.GetName()), mark, took, plain(p.GetDetail()))
	}
	if r.GetResumed() {
		b.WriteString("  the appliance was restarted in between\n")
	}
}

func writeSight(b *strings.Builder, when string, v *centralv1.OrderSight) {
	if v == nil {
		return
	}
	fmt.Fprintf(b, "\n%s: %s %s. %s\n", when, plain(v.GetCheckId()), plain(v.GetStatus()), plain(v.GetReason()))
	if v.GetActual() != "" || v.GetExpected() != "" {
		fmt.Fprintf(b, "  is        %s\n  should be %s\n", plain(v.GetActual()), plain(v.GetExpected()))
	}
	for _, f := range v.GetFacts() {
		fmt.Fprintf(b, "  %-32s %s\n", plain(f.GetName()), plain(f.GetValue()))
	}
}

// writeSteps says what runs; of a run that is over, "what ran" has said how far.
func writeSteps(b *strings.Builder, p *centralv1.PlacedOrder) {
	r := p.GetReport().GetResult()
	if len(r.GetSteps()) == 0 {
		return
	}
	fmt.Fprintf(b, "\nscripts of %s, sha256 %s\n", plain(p.GetOrder().GetRunbook().GetRunbookId()), short(p.GetOrder().GetRunbook().GetRunbookHash()))
	for _, v := range r.GetParameters() {
		fmt.Fprintf(b, "  parameter %s = %s\n", plain(v.GetName()), plain(v.GetValue()))
	}
	for _, s := range r.GetSteps() {
		fmt.Fprintf(b, "  %-10s %s  sha256 %s, at most %d s\n", plain(s.GetPhase()), plain(s.GetPath()), short(s.GetSha256()), s.GetTimeoutSeconds())
		for _, w := range s.GetWrites() {
			fmt.Fprintf(b, "             writes %s\n", plain(w))
		}
	}
}
