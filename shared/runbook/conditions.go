package runbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// Roles of a Windows host, as Win32_OperatingSystem.ProductType has them.
const (
	RoleWorkstation      = "workstation"
	RoleDomainController = "domain_controller"
	RoleServer           = "server"
)

// Conditions say which hosts a runbook is for. Empty is any.
type Conditions struct {
	// Roles are workstation, server or domain_controller.
	Roles []string `yaml:"roles"`
	// Domain asks for a host that is in a domain, or that is not.
	Domain *bool `yaml:"domain"`
	// Editions and NotEditions begin EditionID: Core, Professional, ServerStandard.
	Editions    []string `yaml:"editions"`
	NotEditions []string `yaml:"not_editions"`
}

var roleOfProduct = map[string]string{"1": RoleWorkstation, "2": RoleDomainController, "3": RoleServer}

// Admit tells why a host with these facts (host.* of shared/check) is not meant;
// empty if it is. What is not known is not meant.
func (c *Conditions) Admit(f check.Facts) string {
	product, _ := f.Get(check.FactProductType)
	domainRole, _ := f.Get(check.FactDomainRole)
	edition, _ := f.Get(check.FactEdition)
	role := roleOfProduct[product]
	if len(c.Roles) > 0 && !slices.Contains(c.Roles, role) {
		return fmt.Sprintf("it is for %s, and this host is %s", strings.Join(c.Roles, ", "), known(role))
	}
	if c.Domain != nil {
		if domainRole == "" {
			return "whether the host is in a domain is not known"
		}
		if inDomain := domainRole != "0" && domainRole != "2"; inDomain != *c.Domain {
			return fmt.Sprintf("it is for hosts that are in a domain: %t, and for this one that is %t", *c.Domain, inDomain)
		}
	}
	begins := func(prefix string) bool { return strings.HasPrefix(edition, prefix) }
	if len(c.Editions) > 0 && !slices.ContainsFunc(c.Editions, begins) || slices.ContainsFunc(c.NotEditions, begins) ||
		len(c.NotEditions) > 0 && edition == "" {
		return fmt.Sprintf("it is not for the edition %s", known(edition))
	}
	return ""
}

func known(word string) string {
	if word == "" {
		return "not known"
	}
	return word
}

func (c *Conditions) validate(platform string) error {
	if platform != "windows" && (len(c.Roles) > 0 || c.Domain != nil || len(c.Editions) > 0 || len(c.NotEditions) > 0) {
		return fmt.Errorf("conditions are for windows")
	}
	for _, role := range c.Roles {
		if !slices.Contains([]string{RoleWorkstation, RoleDomainController, RoleServer}, role) {
			return fmt.Errorf("condition: %.64q is no role", role)
		}
	}
	for _, edition := range slices.Concat(c.Editions, c.NotEditions) {
		if edition == "" {
			return fmt.Errorf("condition: an edition is empty")
		}
	}
	return nil
}
