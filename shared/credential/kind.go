package credential

import centralv1 "github.com/osiriscare/osiris/proto/central/v1"

// wire are the kinds as they travel.
var wire = map[Kind]centralv1.CredentialKind{
	WindowsPassword:   centralv1.CredentialKind_CREDENTIAL_KIND_WINDOWS_PASSWORD,
	ClientCertificate: centralv1.CredentialKind_CREDENTIAL_KIND_CLIENT_CERTIFICATE,
	SSHKey:            centralv1.CredentialKind_CREDENTIAL_KIND_SSH_KEY,
	SSHPassword:       centralv1.CredentialKind_CREDENTIAL_KIND_SSH_PASSWORD,
	LDAPBind:          centralv1.CredentialKind_CREDENTIAL_KIND_LDAP_BIND,
}

// Wire is the kind as it travels; unspecified for one that is none.
func (k Kind) Wire() centralv1.CredentialKind { return wire[k] }

// KindOf is the kind of what travelled; empty for one that this program does not
// know.
func KindOf(w centralv1.CredentialKind) Kind {
	for k, v := range wire {
		if v == w {
			return k
		}
	}
	return ""
}
