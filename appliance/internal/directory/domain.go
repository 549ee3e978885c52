package directory

// Domain is a domain of Active Directory whose computers are listed.
type Domain struct {
	ID     string // Central's, t_…; stays while the host is the same
	Name   string // for people, unique in the site
	Domain string // DNS name
	// Server is the controller to ask; empty when the domain names them itself.
	Server     string
	Port       int      // 0: 636; 389 is with StartTLS
	Pin        [32]byte // of a certificate's public key; zero: none
	Credential string   // name of the one to read with
	// Include, Exclude and ExcludeGroups are distinguished names.
	Include, Exclude, ExcludeGroups []string
	// ScanWith is the credential that its computers are scanned with, over HTTP
	// with HTTP; empty: they are listed only.
	ScanWith string
	HTTP     bool
}

// Host is what is signed in to, as the operator wrote it: credentials are limited
// by it.
func (d *Domain) Host() string {
	if d.Server != "" {
		return d.Server
	}
	return d.Domain
}

// scope tells which computers are listed: under another one all are read again.
func (d *Domain) scope() string { return hash(fold(d.Domain), d.Include, d.Exclude, d.ExcludeGroups) }
