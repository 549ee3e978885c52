package practice

import "strings"

// Inventory is what a scanner needs, as JSON.
type Inventory struct {
	Domain    string  `json:"domain"`
	DNSDomain string  `json:"dns_domain"`
	User      string  `json:"user"`
	Password  string  `json:"password"`
	CA        string  `json:"ca"`
	Hosts     []Entry `json:"hosts"`
}

// Entry is one host; an address is empty where it does not listen.
type Entry struct {
	Name  string `json:"name"`
	FQDN  string `json:"fqdn"`
	Role  string `json:"role"`
	HTTPS string `json:"https"`
	HTTP  string `json:"http,omitempty"`
	Fault string `json:"fault,omitempty"`
	// Check is the one that fails by the fault in a scan.
	Check string `json:"check,omitempty"`
	Hung  bool   `json:"hung,omitempty"`
	Lab   bool   `json:"lab,omitempty"`
}

// Inventory lists the hosts and the account.
func (p *Practice) Inventory() Inventory {
	out := Inventory{Domain: p.domain(domain), DNSDomain: p.domain(dnsDomain), User: domain + `\` + user, Password: p.cfg.Password, CA: string(p.ca.PEM())}
	if p.cfg.Workgroup {
		out.User = `.\` + user
	}
	for _, h := range p.hosts {
		out.Hosts = append(out.Hosts, Entry{
			Name: h.Name, FQDN: strings.TrimSuffix(strings.ToLower(h.Name)+"."+out.DNSDomain, "."), Role: h.Role, HTTPS: h.Machine.HTTPS(), HTTP: h.Machine.HTTP(),
			Fault: h.Fault, Check: string(h.Check), Hung: h.Hung, Lab: h.Lab,
		})
	}
	return out
}
