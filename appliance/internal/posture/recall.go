package posture

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/store"
)

// recall reads once which ports were open before the appliance was started.
func (s *Scanner) recall(ctx context.Context) error {
	s.mu.Lock()
	done := s.recalled
	s.mu.Unlock()
	if done {
		return nil
	}
	rows, err := s.Store.Reader().QueryContext(ctx, "SELECT key, open FROM posture_device WHERE open != ''")
	if err != nil {
		return fmt.Errorf("reading ports that were open: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what went wrong
	for rows.Next() {
		var key, open string
		if err := rows.Scan(&key, &open); err != nil {
			return fmt.Errorf("reading ports that were open: %w", err)
		}
		s.memory(key).recall(open)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading ports that were open: %w", err)
	}
	s.mu.Lock()
	s.recalled = true
	s.mu.Unlock()
	return nil
}

// keep stores which ports are open, if that changed.
func (s *Scanner) keep(ctx context.Context, key string, m *memory) error {
	open, changed := m.text()
	if !changed {
		return nil
	}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE posture_device SET open = ? WHERE key = ?", open, key)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing which ports are open: %w", err)
	}
	m.mu.Lock()
	m.kept = open
	m.mu.Unlock()
	return nil
}

// text spells the ports that were open, each with the sweeps that it is silent for,
// and tells whether that is another than what is stored.
func (m *memory) text() (text string, changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]string, 0, len(m.open))
	for to, silent := range m.open {
		all = append(all, to.String()+"="+strconv.Itoa(silent))
	}
	slices.Sort(all)
	text = strings.Join(all, ",")
	return text, text != m.kept
}

// recall takes what text gave. What cannot be read was written by nobody here.
func (m *memory) recall(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = text
	for one := range strings.SplitSeq(text, ",") {
		where, count, _ := strings.Cut(one, "=")
		to, err := netip.ParseAddrPort(where)
		silent, bad := strconv.Atoi(count)
		if err == nil && bad == nil {
			m.open[to] = silent
		}
	}
}
