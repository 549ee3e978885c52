package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	"github.com/osiriscare/osiris/shared/credential"
)

// credentialFlags are what a credential says apart from its secrets.
type credentialFlags struct {
	kind, method, user, realm, key, certificate, sudo, appliance, accept, secretFile string
	hosts                                                                            list
	passphrase                                                                       bool
}

func credentialAdd(ctx context.Context, s *shell, o *options, args []string) error {
	return putCredential(ctx, s, o, args[0], false)
}

func credentialRotate(ctx context.Context, s *shell, o *options, args []string) error {
	return putCredential(ctx, s, o, args[0], true)
}

// putCredential seals a credential here and has Central keep it.
func putCredential(ctx context.Context, s *shell, o *options, name string, rotate bool) error {
	f := o.cred
	if !rotate {
		if err := need([2]string{"kind", f.kind}); err != nil {
			return err
		}
	}
	if !credential.ValidName(name) {
		return fmt.Errorf("the name %q has other characters than letters, digits and . _ - or more than 100: %w", name, errUsage)
	}
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	keys, remember, err := s.sealingKeys(ctx, c, o)
	if err != nil {
		return err
	}
	version, kind, err := nextVersion(ctx, c, o.site, name)
	if err != nil {
		return err
	}
	switch {
	case rotate && kind == "":
		return fmt.Errorf("there is no credential %s to rotate; `osirisctl credential list` shows those there are", name)
	case rotate && f.kind == "":
		f.kind = string(kind)
	case rotate && f.kind != string(kind):
		return fmt.Errorf("%s is a %s, and its next version cannot be a %s: add one under another name", name, kind, f.kind)
	}
	secret, err := f.read(ctx, s)
	if err != nil {
		return err
	}
	if len(f.hosts) == 0 {
		fmt.Fprintln(s.stderr, "osirisctl: without --for the credential is used wherever the list of targets says, which is not signed: limit it") //nolint:errcheck // a hint only
	}
	m := &centralv1.PutCredentialRequest{SiteId: o.site, Name: name, Kind: secret.Kind.Wire(), Version: version, Rotate: rotate}
	for _, k := range keys {
		place := credential.Place{SiteID: o.site, ApplianceID: k.appliance, Name: name, Kind: secret.Kind, Version: version}
		sealed, err := credential.Seal(k.key, place, secret)
		if err != nil {
			return fmt.Errorf("sealing to appliance %s: %w", k.appliance, err)
		}
		id := credential.KeyID(k.key)
		m.Seals = append(m.Seals, &centralv1.CredentialSeal{ApplianceId: k.appliance, Sealed: sealed, KeyId: id[:]})
	}
	if _, err := c.PutCredential(ctx, connect.NewRequest(m)); err != nil {
		return fmt.Errorf("keeping credential %s: %w", name, err)
	}
	if err := remember(); err != nil {
		return err
	}
	if s.json {
		return s.printJSON(map[string]any{"name": name, "version": version, "appliances": len(keys)})
	}
	where := "wherever a target names it"
	if len(secret.Hosts) > 0 {
		where = "for " + strings.Join(secret.Hosts, ", ")
	}
	_, err = fmt.Fprintf(s.stdout, "version %d (%s, user %s, by %s, %s) is sealed for %d of the site's appliances; credential list shows when it was taken\n",
		version, secret.Kind, plain(secret.User), secret.Method, plain(where), len(keys))
	return err
}

// nextVersion is max(previous + 1, Unix seconds), as of every document; kind is
// that of the version there is, if there is one.
func nextVersion(ctx context.Context, c centralv1connect.FleetServiceClient, site, name string) (next uint64, kind credential.Kind, err error) {
	r, err := c.ListCredentials(ctx, connect.NewRequest(&centralv1.ListCredentialsRequest{SiteId: site}))
	if err != nil {
		return 0, "", fmt.Errorf("listing credentials of site %s: %w", site, err)
	}
	next = uint64(max(time.Now().Unix(), 1)) //nolint:gosec // not below 1
	for _, v := range r.Msg.GetCredentials() {
		if v.GetName() == name {
			next, kind = max(next, v.GetVersion()+1), credential.KindOf(v.GetKind())
		}
	}
	return next, kind, nil
}

// read makes the credential: settings from flags, keys from files, secrets from
// where secrets come from.
func (f credentialFlags) read(ctx context.Context, s *shell) (c credential.Credential, err error) {
	c = credential.Credential{
		Kind: credential.Kind(f.kind), Method: f.method, User: f.user, Realm: f.realm, Sudo: credential.Sudo(f.sudo), Hosts: f.hosts,
	}
	methods := credential.Methods(c.Kind)
	if len(methods) == 0 {
		return c, fmt.Errorf("--kind %q is not one of %s: %w", f.kind, kindWords(), errUsage)
	}
	if c.Method == "" {
		c.Method = methods[0]
	}
	for _, one := range []struct {
		kinds []credential.Kind
		flag  [2]string
	}{
		{[]credential.Kind{credential.SSHKey, credential.ClientCertificate}, [2]string{"key", f.key}},
		{[]credential.Kind{credential.ClientCertificate}, [2]string{"certificate", f.certificate}},
	} {
		if slices.Contains(one.kinds, c.Kind) {
			if err := need(one.flag); err != nil {
				return c, err
			}
		}
	}
	if f.key != "" {
		raw, err := os.ReadFile(f.key)
		if err != nil {
			return c, fmt.Errorf("reading key: %w", err)
		}
		c.Key = credential.NewSecret(string(raw))
		clear(raw)
	}
	if f.certificate != "" {
		if c.Certificate, err = certificates(f.certificate); err != nil {
			return c, err
		}
	}
	in, err := openSecrets(s, f.secretFile)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	for _, one := range []struct {
		what string
		want bool
		into *credential.Secret
	}{
		{"password", c.Kind == credential.WindowsPassword || c.Kind == credential.SSHPassword || c.Kind == credential.LDAPBind, &c.Password},
		{"passphrase of the key", f.passphrase, &c.Passphrase},
		{"password for sudo", c.Sudo == credential.SudoPassword && c.Kind == credential.SSHKey, &c.SudoSecret},
	} {
		if !one.want {
			continue
		}
		if *one.into, err = in.next(ctx, one.what); err != nil {
			return c, err
		}
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	return c, checkKey(c)
}

func certificates(file string) (all [][]byte, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading certificate: %w", err)
	}
	for {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			all = append(all, block.Bytes)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("reading certificate %s: it holds no PEM certificate", file)
	}
	return all, nil
}

func kindWords() string {
	words := make([]string, len(credential.Kinds))
	for n, k := range credential.Kinds {
		words[n] = string(k)
	}
	return strings.Join(words, ", ")
}

func credentialList(ctx context.Context, s *shell, o *options, _ []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.ListCredentials(ctx, connect.NewRequest(&centralv1.ListCredentialsRequest{SiteId: o.site}))
	if err != nil {
		return fmt.Errorf("listing credentials of site %s: %w", o.site, err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	var rows [][]string
	for _, v := range r.Msg.GetCredentials() {
		rows = append(rows, []string{
			v.GetName(), string(credential.KindOf(v.GetKind())), strconv.FormatUint(v.GetVersion(), 10), v.GetApplianceId(),
			strings.ReplaceAll(v.GetState(), "_", " "), number(v.GetTargets()), when(v.GetMadeMs()), v.GetMadeBy(), v.GetReason(),
		})
	}
	return s.table("CREDENTIAL\tKIND\tVERSION\tAPPLIANCE\tSTATE\tTARGETS\tMADE\tBY\tREASON", rows)
}

func credentialRemove(ctx context.Context, s *shell, o *options, args []string) error {
	c, err := s.ofSite(ctx, o)
	if err != nil {
		return err
	}
	r, err := c.RemoveCredential(ctx, connect.NewRequest(&centralv1.RemoveCredentialRequest{SiteId: o.site, Name: args[0], Force: o.force}))
	if err != nil {
		return fmt.Errorf("withdrawing credential %s: %w", args[0], err)
	}
	if s.json {
		return s.printMessage(r.Msg)
	}
	_, err = fmt.Fprintln(s.stdout, "withdrawn; the appliance deletes it at its next check-in. Change the password on the hosts too if it may be known")
	return err
}
