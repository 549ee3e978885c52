package store

import (
	"context"
	"database/sql"
	"strings"
)

// Order is what an operator wants an appliance to do once, and what the appliance
// said of it last.
type Order struct {
	SiteID      SiteID
	ApplianceID ApplianceID
	Sequence    uint64
	ID          []byte // 16 bytes
	NotAfterMs  int64
	Body        []byte // central.v1.Order, as it was signed
	KeyID       []byte // of the online key then
	Signature   []byte
	// State and Report are the newest report's; 0 and nil before the first.
	State  int32  // central.v1.OrderState
	Report []byte // central.v1.OrderReport
	// Cancelled says that it was withdrawn before it was given to its appliance.
	Cancelled bool
}

// orderDone is central.v1.OrderState's last one.
const orderDone = 5

const orders = `SELECT o.site_id, o.appliance_id, o.sequence, o.order_id, o.not_after_ms, o.body, o.key_id, o.signature, coalesce(r.state, 0), r.body,
	coalesce(p.cancelled, 0) FROM appliance_order o LEFT JOIN order_report r ON r.order_id = o.order_id LEFT JOIN order_step p ON p.order_id = o.order_id `

func scanOrder(row scanner) (o Order, err error) {
	return o, row.Scan(&o.SiteID, &o.ApplianceID, &o.Sequence, &o.ID, &o.NotAfterMs, &o.Body, &o.KeyID, &o.Signature, &o.State, &o.Report, &o.Cancelled)
}

// AddOrder keeps an order. ErrConflict means that its sequence is taken.
func (s *Store) AddOrder(ctx context.Context, o Order) error {
	err := s.exec(ctx, `INSERT INTO appliance_order (site_id, appliance_id, sequence, order_id, not_after_ms, body, key_id, signature)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, o.SiteID, o.ApplianceID, int64(o.Sequence), o.ID, o.NotAfterMs, o.Body, o.KeyID, o.Signature)
	if err != nil && strings.Contains(err.Error(), "UNIQUE") {
		return ErrConflict
	}
	return err
}

// Order reads one order of a site or ErrNotFound.
func (s *Store) Order(ctx context.Context, site SiteID, id []byte) (Order, error) {
	o, err := scanOrder(s.reader.QueryRowContext(ctx, orders+"WHERE o.order_id = ? AND o.site_id = ?", id, site))
	return o, notFound(err)
}

// OrderKey is where a page of orders begins; the zero value is the newest one.
type OrderKey struct {
	Sequence uint64
	ID       []byte
}

// Orders lists a site's orders before a key, newest first.
func (s *Store) Orders(ctx context.Context, site SiteID, before OrderKey, limit int) ([]Order, error) {
	if before.Sequence == 0 {
		before.Sequence = 1<<63 - 1
	}
	return list(ctx, s.reader, scanOrder, orders+`WHERE o.site_id = ? AND (o.sequence, o.order_id) < (?, ?)
		ORDER BY o.sequence DESC, o.order_id DESC LIMIT ?`, site, int64(before.Sequence), before.ID, limit)
}

// WaitingOrders lists an appliance's orders after a sequence that may still
// begin, oldest first.
func (s *Store) WaitingOrders(ctx context.Context, id ApplianceID, after uint64, nowMs int64, limit int) ([]Order, error) {
	return list(ctx, s.reader, scanOrder, orders+`WHERE o.appliance_id = ? AND o.sequence > ? AND o.not_after_ms > ?
		AND r.order_id IS NULL AND coalesce(p.cancelled, 0) = 0 ORDER BY o.sequence LIMIT ?`, id, int64(after), nowMs, limit)
}

// GiveOrder keeps that an order is about to be given to its appliance. ErrConflict
// means that it was withdrawn.
func (s *Store) GiveOrder(ctx context.Context, id []byte, nowMs int64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO order_step (order_id, cancelled, person, made_ms) VALUES (?, 0, '', ?) ON CONFLICT DO NOTHING", id, nowMs)
		if err != nil {
			return err
		}
		var cancelled bool
		err = tx.QueryRowContext(ctx, "SELECT cancelled FROM order_step WHERE order_id = ?", id).Scan(&cancelled)
		if err == nil && cancelled {
			err = ErrConflict
		}
		return err
	})
}

// CancelOrder withdraws an order of a site. ErrConflict means that it was given
// to its appliance before, was withdrawn, or may not begin any more.
func (s *Store) CancelOrder(ctx context.Context, site SiteID, id []byte, person string, nowMs int64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `INSERT INTO order_step (order_id, cancelled, person, made_ms)
			SELECT o.order_id, 1, ?3, ?4 FROM appliance_order o WHERE o.order_id = ?1 AND o.site_id = ?2 AND o.not_after_ms > ?4
			AND NOT EXISTS (SELECT 1 FROM order_report r WHERE r.order_id = o.order_id) ON CONFLICT DO NOTHING`, id, site, person, nowMs)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return ErrConflict
	})
}

// NewestOrder is the highest sequence that an appliance was given or says it has.
func (s *Store) NewestOrder(ctx context.Context, id ApplianceID) (sequence uint64, err error) {
	return sequence, s.reader.QueryRowContext(ctx, `SELECT max(
		coalesce((SELECT max(sequence) FROM appliance_order WHERE appliance_id = ?1), 0),
		coalesce((SELECT sequence FROM order_mark WHERE appliance_id = ?1), 0))`, id).Scan(&sequence)
}

// SaveOrderMark keeps which order an appliance took last.
func (s *Store) SaveOrderMark(ctx context.Context, id ApplianceID, sequence uint64) error {
	return s.exec(ctx, `INSERT INTO order_mark (appliance_id, sequence) VALUES (?1, ?2)
		ON CONFLICT (appliance_id) DO UPDATE SET sequence = ?2 WHERE sequence <> ?2`, id, int64(sequence))
}

// SaveOrderReport keeps what an appliance says of an order of its own, or
// ErrNotFound. What was said of one that is done stays.
func (s *Store) SaveOrderReport(ctx context.Context, id ApplianceID, order []byte, state int32, body []byte, nowMs int64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var known int
		err := tx.QueryRowContext(ctx, "SELECT 1 FROM appliance_order WHERE order_id = ? AND appliance_id = ?", order, id).Scan(&known)
		if err != nil {
			return notFound(err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO order_report (order_id, state, body, heard_ms) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (order_id) DO UPDATE SET state = ?2, body = ?3, heard_ms = ?4 WHERE state <> ?5`, order, state, body, nowMs, orderDone)
		return err
	})
}
