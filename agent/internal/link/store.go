package link

import (
	"bytes"
	"fmt"

	"github.com/osiriscare/osiris/agent/internal/sqlos"
)

// loadStore reads the id of the appliance store of the last session.
func (l *Link) loadStore() error {
	db := l.Queue.DB()
	if err := db.Exec("CREATE TABLE IF NOT EXISTS link (key TEXT PRIMARY KEY, value BLOB NOT NULL)"); err != nil {
		return fmt.Errorf("making link table: %w", err)
	}
	err := db.Query("SELECT value FROM link WHERE key = 'store_id'", func(row *sqlos.Stmt) error {
		l.storeID = row.ColumnBytes(0)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading link table: %w", err)
	}
	return nil
}

// setStore remembers the store; isNew tells whether it is another one. On a full
// disk it is remembered in memory: a later start costs one report more.
func (l *Link) setStore(id []byte) (isNew bool, err error) {
	if bytes.Equal(id, l.storeID) {
		return false, nil
	}
	if err := l.Queue.DB().Exec("REPLACE INTO link (key, value) VALUES ('store_id', ?)", id); err != nil && !sqlos.IsFull(err) {
		return true, fmt.Errorf("remembering the appliance's store: %w", err)
	}
	l.storeID = append([]byte(nil), id...)
	return true, nil
}

// report queues the whole truth, unless one that the appliance will get anyway
// is still waiting: a session that keeps breaking must not fill the queue.
func (l *Link) report(cause string) error {
	if l.stateSeq >= l.Queue.First() && l.stateFor == l.Queue.ID() {
		return nil
	}
	l.stateSeq, l.stateFor = l.Queue.Next(), l.Queue.ID()
	return l.State.Report(cause)
}
