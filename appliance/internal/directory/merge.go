package directory

import (
	"time"

	"github.com/osiriscare/osiris/appliance/internal/discover"
)

// goneFor is how long a computer that is gone is remembered.
const goneFor = 30 * 24 * time.Hour

// change is what a listing does to a domain's table.
type change struct {
	put       []Computer
	remove    []discover.GUID
	fresh     []Computer // new ones, of those put
	gone      []Computer // that went now, of those put
	truncated bool
	// others are names of accounts that are not looked after, as they are now;
	// drop are those that have none any more.
	others map[discover.GUID]string
	drop   []discover.GUID
}

// merge compares a domain's table with a listing. room is how many rows there may
// be.
func merge(target string, d *domain, l *discover.Listing, now time.Time, room int) change {
	held := d.computers
	m := merger{held: held, now: now, rows: len(held), room: room}
	m.rename(d.others, l)
	listed := make(map[discover.GUID]bool, len(l.Computers))
	for i := range l.Computers {
		listed[l.Computers[i].GUID] = true
		m.take(computerOf(target, &l.Computers[i], now))
	}
	seen := make(map[discover.GUID]bool, len(l.Gone))
	for _, g := range l.Gone {
		seen[g.GUID] = true
		m.leave(g.GUID, g.Reason)
	}
	if !l.Full {
		return m.change
	}
	for guid, c := range held {
		switch {
		case listed[guid]:
		case c.Gone == "":
			if !seen[guid] {
				m.leave(guid, Missing)
			}
		case now.Sub(c.GoneAt) >= goneFor:
			m.remove = append(m.remove, guid)
		}
	}
	return m.change
}

type merger struct {
	change
	held map[discover.GUID]Computer
	now  time.Time
	rows int
	room int
}

func (m *merger) take(c Computer) {
	was, known := m.held[c.GUID]
	if known {
		c.FirstSeen = was.FirstSeen
		if c != was {
			m.put = append(m.put, c)
		}
		return
	}
	if m.rows >= m.room {
		m.truncated = true
		return
	}
	m.rows++
	m.put = append(m.put, c)
	m.fresh = append(m.fresh, c)
}

func (m *merger) leave(guid discover.GUID, why discover.Reason) {
	c, known := m.held[guid]
	if !known || c.Gone == why {
		return
	}
	if c.Gone == "" {
		c.GoneAt = whole(m.now)
	}
	c.Gone = why
	m.put = append(m.put, c)
	if m.held[guid].Gone == "" {
		m.gone = append(m.gone, c)
	}
}

// rename keeps the names of accounts that are not looked after.
func (m *merger) rename(held map[discover.GUID]string, l *discover.Listing) {
	m.others = map[discover.GUID]string{}
	rows, seen := len(held), make(map[discover.GUID]bool, len(l.Gone))
	for _, g := range l.Gone {
		was, known := held[g.GUID]
		switch {
		case g.DNSName == "":
			continue // what was there is dropped
		case known && was == g.DNSName:
		case !known && rows >= maxComputers:
			m.truncated = true
		default:
			m.others[g.GUID] = g.DNSName
			if !known {
				rows++
			}
		}
		seen[g.GUID] = true
	}
	listed := make(map[discover.GUID]bool, len(l.Computers)+len(l.Gone))
	for i := range l.Computers {
		listed[l.Computers[i].GUID] = true
	}
	for _, g := range l.Gone {
		listed[g.GUID] = true
	}
	for guid := range held {
		if !seen[guid] && (l.Full || listed[guid]) {
			m.drop = append(m.drop, guid)
		}
	}
}
