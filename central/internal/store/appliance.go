package store

import (
	"context"
	"database/sql"
)

// Appliance is what an appliance registered and last said.
type Appliance struct {
	ID             ApplianceID
	SiteID         SiteID
	CreatedMs      int64
	Retired        bool
	Hostname       string
	HardwareID     string
	TLSKey         []byte // PKIX
	CAKey          []byte // PKIX
	CommandKey     []byte // raw Ed25519
	BundleKey      []byte // raw Ed25519
	LogKey         []byte // raw Ed25519
	TLSCertificate []byte // DER
	CACertificate  []byte // DER
	CheckIn        CheckIn
}

// CheckIn is the newest check-in of an appliance; AtMs is 0 before the first.
type CheckIn struct {
	AtMs          int64
	Hostname      string
	Version       string
	UptimeMs      int64
	TrustVersion  uint64
	PolicyVersion uint64
	LogSize       uint64
	Backlog       uint64
	OpenIncidents uint32
	// DecisionVersion is that of the newest decision about an agent that it took.
	DecisionVersion uint64
}

const applianceColumns = `appliance_id, site_id, created_ms, retired, hostname, hardware_id, tls_key, ca_key,
	command_key, bundle_key, log_key, tls_certificate, ca_certificate, last_check_in_ms, version, uptime_ms,
	trust_version, policy_version, log_size, backlog, open_incidents, decision_version`

func scanAppliance(row scanner) (a Appliance, err error) {
	err = row.Scan(&a.ID, &a.SiteID, &a.CreatedMs, &a.Retired, &a.Hostname, &a.HardwareID, &a.TLSKey, &a.CAKey,
		&a.CommandKey, &a.BundleKey, &a.LogKey, &a.TLSCertificate, &a.CACertificate, &a.CheckIn.AtMs, &a.CheckIn.Version,
		&a.CheckIn.UptimeMs, &a.CheckIn.TrustVersion, &a.CheckIn.PolicyVersion, &a.CheckIn.LogSize, &a.CheckIn.Backlog,
		&a.CheckIn.OpenIncidents, &a.CheckIn.DecisionVersion)
	a.CheckIn.Hostname = a.Hostname
	return a, err
}

func addAppliance(ctx context.Context, tx *sql.Tx, a Appliance) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO appliance (appliance_id, site_id, created_ms, hostname, hardware_id,
		tls_key, ca_key, command_key, bundle_key, log_key, tls_certificate, ca_certificate)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.ID, a.SiteID, a.CreatedMs, a.Hostname, a.HardwareID,
		a.TLSKey, a.CAKey, a.CommandKey, a.BundleKey, a.LogKey, a.TLSCertificate, a.CACertificate)
	return err
}

// Appliance reads one appliance or ErrNotFound.
func (s *Store) Appliance(ctx context.Context, id ApplianceID) (Appliance, error) {
	a, err := scanAppliance(s.reader.QueryRowContext(ctx, "SELECT "+applianceColumns+
		" FROM appliance WHERE appliance_id = ?", id))
	return a, notFound(err)
}

// Appliances lists all appliances of a site, retired ones too.
func (s *Store) Appliances(ctx context.Context, site SiteID) ([]Appliance, error) {
	return list(ctx, s.reader, scanAppliance, "SELECT "+applianceColumns+
		" FROM appliance WHERE site_id = ? ORDER BY created_ms, appliance_id", site)
}

// SetCertificates keeps re-issued certificates.
func (s *Store) SetCertificates(ctx context.Context, id ApplianceID, tls, ca []byte) error {
	return s.exec(ctx, "UPDATE appliance SET tls_certificate = ?, ca_certificate = ? WHERE appliance_id = ?", tls, ca, id)
}

// SaveCheckIn keeps a check-in and replaces what this appliance said of its
// hosts: a host it no longer names is no longer there.
func (s *Store) SaveCheckIn(ctx context.Context, id ApplianceID, site SiteID, c CheckIn, hosts []LiveHost) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE appliance SET last_check_in_ms = ?, hostname = ?, version = ?,
			uptime_ms = ?, trust_version = ?, policy_version = ?, log_size = ?, backlog = ?, open_incidents = ?,
			decision_version = ? WHERE appliance_id = ? AND site_id = ?`, c.AtMs, c.Hostname, c.Version, c.UptimeMs, c.TrustVersion,
			c.PolicyVersion, c.LogSize, c.Backlog, c.OpenIncidents, c.DecisionVersion, id, site); err != nil {
			return err
		}
		return replaceLive(ctx, tx, id, site, hosts)
	})
}

// ApplianceByBundleKey reads the appliance of any site with this bundle key or
// ErrNotFound.
func (s *Store) ApplianceByBundleKey(ctx context.Context, key []byte) (Appliance, error) {
	a, err := scanAppliance(s.reader.QueryRowContext(ctx, "SELECT "+applianceColumns+
		" FROM appliance WHERE bundle_key = ?", key))
	return a, notFound(err)
}

// Retire ends an appliance: it may call no more, its keys prove old evidence
// only, and what was sealed to it is deleted.
func (s *Store) Retire(ctx context.Context, id ApplianceID) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE appliance SET retired = 1 WHERE appliance_id = ?", id); err != nil {
			return err
		}
		return wipe(ctx, tx, "DELETE FROM credential WHERE appliance_id = ?", id)
	})
}
