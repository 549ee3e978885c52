package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	"github.com/osiriscare/osiris/shared/credential"
)

// targetNamed is a target as it stands.
func targetNamed(ctx context.Context, c centralv1connect.FleetServiceClient, o *options, name string) (*centralv1.Target, error) {
	r, err := c.ListTargets(ctx, connect.NewRequest(&centralv1.ListTargetsRequest{SiteId: o.site}))
	if err != nil {
		return nil, fmt.Errorf("listing targets of site %s: %w", o.site, err)
	}
	for _, t := range r.Msg.GetTargets() {
		if t.GetName() == name {
			return t, nil
		}
	}
	return nil, fmt.Errorf("site %s has no target %s to replace; `osirisctl target list` shows those there are", o.site, name)
}

// into puts the flags that were given over what a target says. A target of another
// host keeps nothing that was said of the former one: not its key, not its weaker
// settings, and not that fixes may be tried on it.
func (t *targetFlags) into(m *centralv1.Target, named map[string]bool) error {
	if t.host != "" && !strings.EqualFold(t.host, m.GetHost()) {
		m.Port, m.TlsName, m.Pin, m.ObjectGuid, m.Http, m.AllowBasic, m.AllowPlain, m.Lab = 0, "", nil, "", false, false, false, false
		m.Host = t.host
	}
	if m.GetKind() == centralv1.TargetKind_TARGET_KIND_UNSPECIFIED {
		if err := need([2]string{"kind", t.kind}, [2]string{"credential", t.credential}); err != nil {
			return err
		}
	}
	for name, set := range map[string]func() error{
		"kind": func() (err error) { m.Kind, err = kindNamed(t.kind); return err },
		"port": func() error {
			if t.port > 65535 {
				return fmt.Errorf("--port %d is no port: %w", t.port, errUsage)
			}
			m.Port = uint32(t.port)
			return nil
		},
		"pin": func() (err error) {
			m.Pin, err = hex.DecodeString(strings.ReplaceAll(t.pin, ":", ""))
			if err != nil || len(m.Pin) != 0 && len(m.Pin) != 32 {
				return fmt.Errorf("--pin is the SHA-256 of a public key, 64 hexadecimal digits: %w", errUsage)
			}
			return nil
		},
		"tls-name":       func() error { m.TlsName = t.tlsName; return nil },
		"http":           func() error { m.Http = t.http; return nil },
		"insecure-basic": func() error { m.AllowBasic = t.basic; return nil },
		"insecure-plain": func() error { m.AllowPlain = t.plain; return nil },
		"credential":     func() error { m.Credential = t.credential; return nil },
		"lab":            func() error { m.Lab = t.lab; return nil },
		"appliance":      func() error { m.ApplianceId = t.appliance; return nil },
		"object-guid":    func() error { m.ObjectGuid = strings.ToLower(t.guid); return nil },
		"domain":         func() error { m.Domain = t.domain; return nil },
		"scan-with":      func() error { m.ScanWith = t.scanWith; return nil },
		"include-ou":     func() error { m.IncludeOus = t.include; return nil },
		"exclude-ou":     func() error { m.ExcludeOus = t.exclude; return nil },
		"exclude-group":  func() error { m.ExcludeGroups = t.groups; return nil },
	} {
		if !named[name] {
			continue
		}
		if err := set(); err != nil {
			return err
		}
	}
	return nil
}

func kindNamed(text string) (centralv1.TargetKind, error) {
	kind, ok := targetKinds[text]
	if !ok {
		return 0, fmt.Errorf("--kind %q is not windows, linux, workstation or domain: %w", text, errUsage)
	}
	return kind, nil
}

// targetLine is a target in one line.
func targetLine(t *centralv1.Target) string {
	line := word(t.GetKind().String(), "TARGET_KIND_") + " " + t.GetHost() + ", port " + targetPort(t) + ", " + targetRoad(t) + ", credential " + t.GetCredential()
	if t.GetLab() {
		line += ", lab"
	}
	return line
}

// signsIn are the kinds of credentials that a kind of target takes.
var signsIn = map[centralv1.TargetKind][]credential.Kind{
	centralv1.TargetKind_TARGET_KIND_WINDOWS:     {credential.WindowsPassword, credential.ClientCertificate},
	centralv1.TargetKind_TARGET_KIND_WORKSTATION: {credential.WindowsPassword, credential.ClientCertificate},
	centralv1.TargetKind_TARGET_KIND_LINUX:       {credential.SSHKey, credential.SSHPassword},
	centralv1.TargetKind_TARGET_KIND_DOMAIN:      {credential.LDAPBind},
}

// doubtful says why a target's credential lets nobody in, or "".
func doubtful(t *centralv1.Target, held []*centralv1.Credential) string {
	there := false
	for _, c := range held {
		if c.GetName() != t.GetCredential() || t.GetApplianceId() != "" && c.GetApplianceId() != t.GetApplianceId() {
			continue
		}
		there = true
		fits := false
		for _, k := range signsIn[t.GetKind()] {
			fits = fits || k == credential.KindOf(c.GetKind())
		}
		if !fits {
			return fmt.Sprintf("credential %s is a %s, which does not sign in to a %s target", t.GetCredential(), credential.KindOf(c.GetKind()), word(t.GetKind().String(), "TARGET_KIND_"))
		}
	}
	if !there {
		return "there is no credential " + t.GetCredential() + " yet: osirisctl credential add " + t.GetCredential()
	}
	return ""
}

// doubt warns of targets that nobody will get in to. That the credentials cannot
// be listed is no reason to fail: what was asked for is done.
func (s *shell) doubt(ctx context.Context, c centralv1connect.FleetServiceClient, o *options, targets ...*centralv1.Target) {
	r, err := c.ListCredentials(ctx, connect.NewRequest(&centralv1.ListCredentialsRequest{SiteId: o.site}))
	if err != nil {
		fmt.Fprintf(s.stderr, "osirisctl: whether the credential fits was not looked at: %s\n", plain(wording(err))) //nolint:errcheck // a hint only
		return
	}
	for _, t := range targets {
		if why := doubtful(t, r.Msg.GetCredentials()); why != "" {
			fmt.Fprintf(s.stderr, "osirisctl: target %s: %s\n", plain(t.GetName()), plain(why)) //nolint:errcheck // a hint only
		}
	}
}
