package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// targetKinds are the words for people.
var targetKinds = map[string]centralv1.TargetKind{
	"windows": centralv1.TargetKind_TARGET_KIND_WINDOWS, "linux": centralv1.TargetKind_TARGET_KIND_LINUX,
	"workstation": centralv1.TargetKind_TARGET_KIND_WORKSTATION, "domain": centralv1.TargetKind_TARGET_KIND_DOMAIN,
}

// targetFlags are what a target says.
type targetFlags struct {
	kind, host, tlsName, pin, credential, appliance, guid string
	domain, scanWith                                      string
	include, exclude, groups                              list
	port                                                  uint
	http, basic, plain, lab, replace                      bool
}

func targetAdd(ctx context.Context, s *shell, o *options, args []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	m := &centralv1.Target{Name: args[0], Host: args[0]}
	if o.target.replace {
		if m, err = targetNamed(ctx, c, o, args[0]); err != nil {
			return err
		}
	}
	if err := o.target.into(m, o.named); err != nil {
		return err
	}
	r, err := c.AddTarget(ctx, connect.NewRequest(&centralv1.AddTargetRequest{SiteId: o.site, Replace: o.target.replace, Target: m}))
	if err != nil {
		return fmt.Errorf("adding target %s: %w", args[0], err)
	}
	s.doubt(ctx, c, o, m)
	if s.json {
		return s.printMessage(r.Msg)
	}
	if m.GetScanWith() != "" {
		const why = "osirisctl: computers that a domain lists are signed in to with Kerberos only, because anybody in it can add one: " +
			"the appliance refuses %s unless it was given --method kerberos\n"
		fmt.Fprintf(s.stderr, why, plain(m.GetScanWith())) //nolint:errcheck // a hint only
	}
	_, err = fmt.Fprintf(s.stdout, "added: %s; the appliance takes it at its next check-in, and target list shows when it has\n", plain(targetLine(m)))
	return err
}

func targetList(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.ListTargets(ctx, connect.NewRequest(&centralv1.ListTargetsRequest{SiteId: o.site}))
	if err != nil {
		return fmt.Errorf("listing targets of site %s: %w", o.site, err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	var rows [][]string
	for _, t := range r.Msg.GetTargets() {
		rows = append(rows, []string{
			t.GetName(), word(t.GetKind().String(), "TARGET_KIND_"), t.GetHost(), targetPort(t), targetRoad(t), t.GetCredential(),
			yes(t.GetLab()), or(t.GetApplianceId(), "every"),
		})
	}
	for _, id := range r.Msg.GetWaitingAppliances() {
		if _, err := fmt.Fprintf(s.stderr, "osirisctl: appliance %s has not taken this list yet\n", plain(id)); err != nil {
			return err
		}
	}
	s.doubt(ctx, c, o, r.Msg.GetTargets()...)
	return s.table("TARGET\tKIND\tHOST\tPORT\tROAD\tCREDENTIAL\tLAB\tAPPLIANCE", rows)
}

// targetPort is the port in use.
func targetPort(t *centralv1.Target) string {
	switch {
	case t.GetPort() != 0:
		return strconv.FormatUint(uint64(t.GetPort()), 10)
	case t.GetKind() == centralv1.TargetKind_TARGET_KIND_LINUX:
		return "22"
	case t.GetKind() == centralv1.TargetKind_TARGET_KIND_DOMAIN:
		return "636"
	case t.GetHttp():
		return "5985"
	}
	return "5986"
}

// targetRoad says how it is reached, the dangerous settings first.
func targetRoad(t *centralv1.Target) string {
	road := "winrm tls"
	switch {
	case t.GetKind() == centralv1.TargetKind_TARGET_KIND_LINUX:
		road = "ssh"
	case t.GetKind() == centralv1.TargetKind_TARGET_KIND_DOMAIN:
		road = domainRoad(t)
	case t.GetAllowPlain():
		road = "winrm PLAIN TEXT"
	case t.GetHttp():
		road = "winrm sealed"
	}
	if t.GetAllowBasic() && !t.GetAllowPlain() {
		road += ", basic"
	}
	if len(t.GetPin()) > 0 {
		road += ", pinned"
	}
	return road
}

// domainRoad says how a domain is read and whether its computers are scanned.
func domainRoad(t *centralv1.Target) string {
	road := "ldap tls, "
	switch {
	case t.GetScanWith() == "":
		return road + "list only"
	case t.GetHttp():
		return road + "scan sealed with " + t.GetScanWith()
	}
	return road + "scan with " + t.GetScanWith()
}

func targetRemove(ctx context.Context, s *shell, o *options, args []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.RemoveTarget(ctx, connect.NewRequest(&centralv1.RemoveTargetRequest{SiteId: o.site, Name: args[0]}))
	if err != nil {
		return fmt.Errorf("removing target %s: %w", args[0], err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintln(s.stdout, "removed; the appliance stops scanning it after its next check-in.\n"+
		"Its host stays in `osirisctl hosts` with what was seen last, and an open incident stays open: nothing has seen it pass")
	return err
}

// word is an enumeration's value for people.
func word(value, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(value, prefix)), "_", "-")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
