package main

import "flag"

// reachCommands are those about hosts without an agent.
var reachCommands = []command{
	{
		words: "target add", args: "NAME [--site S] --kind KIND --credential NAME [flags]", count: [2]int{1, 1},
		says: "let the site's appliance scan a host that has no agent, or list a domain's computers", more: targetFlagsOf, do: targetAdd,
	},
	{words: "target list", args: "[--site S]", says: "list hosts that are scanned without an agent, and domains", more: siteFlag, do: targetList},
	{words: "target rm", args: "NAME [--site S]", count: [2]int{1, 1}, says: "stop scanning a host", more: siteFlag, do: targetRemove},
	{
		words: "target reset-host-key", args: "NAME [--site S] [--accept SHA256:...] [--wait 2m]", count: [2]int{1, 1},
		says: "have the appliance forget the key that an SSH host showed first, or pin the one with this fingerprint",
		more: func(f *flag.FlagSet, o *options) {
			orderedFlags(f, o)
			f.StringVar(&o.order.accept, "accept", "", "fingerprint of the key that is pinned instead, as ssh-keygen -lf prints it on the host; default whichever it shows next")
		},
		do: targetResetHostKey,
	},
	{
		words: "directory list", args: "[--site S] [--unwatched]", says: "list the computers of the site's domains, and who watches them",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.BoolVar(&o.unwatched, "unwatched", false, "only those that nobody watches, without stale ones and those that are gone")
		},
		do: directoryList,
	},
	{
		words: "credential add", args: "NAME [--site S] --kind KIND --user USER [flags]", count: [2]int{1, 1},
		says: "seal what hosts are signed in to with for the appliance alone; secrets are asked for, or lines of standard input",
		more: credentialFlagsOf, do: credentialAdd,
	},
	{
		words: "credential rotate", args: "NAME [--site S] --user USER [flags]", count: [2]int{1, 1},
		says: "put a new version in the place of a credential; all but its kind is said again, since nobody but the appliance can read it", more: credentialFlagsOf, do: credentialRotate,
	},
	{words: "credential list", args: "[--site S]", says: "list credentials and whether the appliance has taken them", more: siteFlag, do: credentialList},
	{
		words: "credential rm", args: "NAME [--site S] [--force]", count: [2]int{1, 1}, says: "withdraw a credential from the site's appliances",
		more: func(f *flag.FlagSet, o *options) {
			siteFlag(f, o)
			f.BoolVar(&o.force, "force", false, "also while targets name it")
		},
		do: credentialRemove,
	},
}

func targetFlagsOf(f *flag.FlagSet, o *options) {
	siteFlag(f, o)
	t := &o.target
	f.StringVar(&t.kind, "kind", "", "windows (server), linux (server), workstation (Windows) or domain (Active Directory)")
	f.StringVar(&t.host, "host", "", "name or address that is connected to; default NAME; of a domain its DNS name, or a controller's with --domain")
	f.UintVar(&t.port, "port", 0, "default 5986, 5985 with --http, 22 for SSH, 636 for a domain; 389 is with StartTLS")
	f.StringVar(&t.tlsName, "tls-name", "", "the host's name in its certificate and to the KDC, when it is not --host")
	f.BoolVar(&t.http, "http", false, "WinRM over HTTP: messages are sealed by NTLM or Kerberos instead of TLS; of a domain: that is how its computers are scanned")
	f.BoolVar(&t.basic, "insecure-basic", false, "let a password travel as it is, inside TLS")
	f.BoolVar(&t.plain, "insecure-plain", false, "with --http and --insecure-basic: let everything travel unprotected")
	f.StringVar(&t.pin, "pin", "", "SHA-256 of the public key of the host's certificate, or of its SSH host key; it alone decides then")
	f.StringVar(&t.credential, "credential", "", "name of the credential to sign in with")
	f.StringVar(&t.appliance, "appliance", "", "appliance that scans it; default every one of the site")
	f.StringVar(&t.guid, "object-guid", "", "objectGUID of its computer account, which tells that it is the same host as an agent's")
	f.BoolVar(&t.lab, "lab", false, "nobody depends on the host: fixes may be tried on it")
	f.StringVar(&t.domain, "domain", "", "of a domain: its DNS name, when --host is one of its controllers")
	f.Var(&t.include, "include-ou", "of a domain: distinguished name of a container whose computers count, repeatable; default all")
	f.Var(&t.exclude, "exclude-ou", "of a domain: distinguished name of a container whose computers do not count, repeatable")
	f.Var(&t.groups, "exclude-group", "of a domain: distinguished name of a group whose direct members do not count, repeatable")
	f.StringVar(&t.scanWith, "scan-with", "", "of a domain: credential that its computers are scanned with, made with --method kerberos; default they are listed only")
	f.BoolVar(&t.replace, "replace", false, "change a target of that name; what is not named stays, but under another --host all that is about the host begins anew")
}

func credentialFlagsOf(f *flag.FlagSet, o *options) {
	siteFlag(f, o)
	c := &o.cred
	f.StringVar(&c.kind, "kind", "", kindWords())
	f.StringVar(&c.method, "method", "", "windows-password: ntlm (default), kerberos, ntlm-spnego or basic; ldap-bind: simple (default) or kerberos")
	f.StringVar(&c.user, "user", "", `user, DOMAIN\user or user@realm; of ldap-bind a DN too`)
	f.StringVar(&c.realm, "realm", "", "Kerberos realm, when --user does not say it")
	f.StringVar(&c.key, "key", "", "file with the private key, PEM")
	f.BoolVar(&c.passphrase, "passphrase", false, "the key has a passphrase, which is asked for")
	f.StringVar(&c.certificate, "certificate", "", "file with the client certificate and what is above it, PEM")
	f.StringVar(&c.sudo, "sudo", "", "free (sudo asks for nothing) or password (that of the login; with a key it is asked for)")
	f.Var(&c.hosts, "for", "host, *.domain, address or network that it may be used for, with :PORT where it is not 5986 or 22 and always with --http, repeatable; default wherever a target names it")
	f.StringVar(&c.appliance, "appliance", "", "appliance that it is sealed for; default every one of the site")
	f.StringVar(&c.secretFile, "secret-file", "", "file or descriptor (/dev/fd/3) with the secrets, one a line, instead of standard input")
	f.StringVar(&c.accept, "accept", "", "fingerprint of a sealing key that is new or has changed, after comparing it on the appliance")
	f.StringVar(&o.trust, "trust", "", "fingerprint of the Central root you trust, 64 digits")
}
