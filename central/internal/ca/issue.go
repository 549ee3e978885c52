package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Intermediate issues the CA certificate that an appliance uses for the agents
// of its site. It can issue only under <site>.osiris.internal, nothing for
// addresses, mailboxes or URIs, and no further CA.
func (a *Authority) Intermediate(siteID string, pub *ecdsa.PublicKey) ([]byte, error) {
	now := time.Now()
	_, everyIPv4, err4 := net.ParseCIDR("0.0.0.0/0")
	_, everyIPv6, err6 := net.ParseCIDR("::/0")
	if err := errors.Join(err4, err6); err != nil {
		return nil, err
	}
	der, err := create(&x509.Certificate{
		Subject:   pkix.Name{CommonName: "Osiris site " + siteID + " issuing"},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(intermediateLifetime),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: true,
		MaxPathLenZero:              true,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{siteID + "." + Domain},
		ExcludedIPRanges:            []*net.IPNet{everyIPv4, everyIPv6},
		// Nobody's mailbox is in this domain, so permitting only it excludes all.
		PermittedEmailAddresses: []string{"nobody." + Domain},
		PermittedURIDomains:     []string{"nobody." + Domain},
	}, a.Certificate, pub, a.key)
	if err != nil {
		return nil, fmt.Errorf("issuing intermediate of site %s: %w", siteID, err)
	}
	return der, nil
}

// ApplianceName is the DNS name in an appliance's client certificate.
func ApplianceName(applianceID, siteID string) string {
	return applianceID + ".appliance." + siteID + "." + Domain
}

// ParseApplianceName takes the ids out of a verified client certificate.
func ParseApplianceName(c *x509.Certificate) (applianceID, siteID string, err error) {
	if len(c.DNSNames) == 1 {
		labels := strings.Split(c.DNSNames[0], ".")
		if len(labels) > 2 && ApplianceName(labels[0], labels[2]) == c.DNSNames[0] && c.Subject.CommonName == labels[0] {
			return labels[0], labels[2], nil
		}
	}
	return "", "", errors.New("the certificate is not an appliance's")
}

// Client issues an appliance's client certificate.
func (a *Authority) Client(applianceID, siteID string, pub *ecdsa.PublicKey) ([]byte, error) {
	now := time.Now()
	der, err := create(&x509.Certificate{
		Subject: pkix.Name{CommonName: applianceID}, DNSNames: []string{ApplianceName(applianceID, siteID)},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(clientLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}, a.Certificate, pub, a.key)
	if err != nil {
		return nil, fmt.Errorf("issuing client certificate of %s: %w", applianceID, err)
	}
	return der, nil
}

// Server makes a key and a certificate for the names and addresses that Central
// answers under, with the authority above it, for peers that pin that.
func (a *Authority) Server(hosts []string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making server key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Osiris Central"}, NotBefore: now.Add(-backdate), NotAfter: now.Add(serverLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := create(template, a.Certificate, &key.PublicKey, a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("issuing server certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der, a.Certificate.Raw}, PrivateKey: key, Leaf: leaf}, err
}
