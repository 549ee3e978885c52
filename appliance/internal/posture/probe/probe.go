// Package probe finds out what answers on a device's port by being polite to it.
// It connects and either reads what the service says by itself or sends the one
// harmless first message of the protocol that belongs to the port, and reads one
// bounded answer. It logs in to nothing, completes no handshake, tries no
// password and sends nothing to a port whose protocol it does not know: among the
// devices of a practice are some that a scanner of the usual kind would stop.
//
// Every byte that comes back is foreign. Answers are bounded by maxAnswer, waiting
// by the Dialer's patience; a parser takes bytes and gives facts or errForeign.
// Sources: MS-RDPBCGR 2.2.1 (negotiation), MS-SMB 2.2.4.52, MS-SMB2 2.2.3, MS-TDS 2.2.6.5, RFC
// 6143 (VNC), RFC 959 and 4217 (FTP), RFC 854, RFC 4253, RFC 6101, 2246, 4346 and
// 8446, the protocol pages of MySQL, PostgreSQL, MongoDB, Redis, memcached and
// Elasticsearch (read 2026-11-22).
//
// Errors of Look are those of connecting: ErrRefused (the device is there and
// nothing listens), ErrSilent (no answer), ErrAway (the network says that there is
// no such device).
package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/osiriscare/osiris/shared/check"
)

// Errors that callers tell apart.
var (
	ErrRefused = errors.New("the port is closed")
	ErrSilent  = errors.New("the port is silent")
	ErrAway    = errors.New("there is no such device")
)

// errForeign means that an answer is none of the protocol that was expected.
var errForeign = errors.New("an answer of another protocol")

const (
	// maxAnswer bounds what is read of one answer: a TLS server's first flight with
	// a long chain is the largest.
	maxAnswer = 32 << 10
	// maxGreeting bounds what a service says by itself.
	maxGreeting = 512
)

// Dialer makes connections; the caller's limits the rate.
type Dialer interface {
	Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// Finding is what was learned of an open port.
type Finding struct {
	// Service is the row of check.FactListens without Address and Port.
	Service check.Facts
	// TLS and Certificate are those of their rows; nil without TLS.
	TLS         check.Facts
	Certificate check.Facts
}

// protocol is how a port is asked.
type protocol struct {
	// hello is sent at once; without one the service speaks first.
	hello func(to netip.AddrPort) []byte
	// reply answers what the service said first; nil ends it there.
	reply func(greeting []byte) []byte
	// whole tells that an answer, which has bytes, is complete or cannot be one; nil
	// takes the first piece.
	whole func(answer []byte) bool
	// parse makes facts of the answer.
	parse func(answer []byte) (check.Facts, error)
	// again is asked, over a second connection, when the service ended the first
	// without a word; nil asks no more.
	again *protocol
	// unclear is what Unclear says when parse does not understand; "" says nothing.
	unclear string
}

// Look finds out what answers at an address and port.
func Look(ctx context.Context, d Dialer, to netip.AddrPort, patience time.Duration) (Finding, error) {
	if speaksTLS(to.Port()) {
		return lookTLS(ctx, d, to, patience)
	}
	p := protocolOf(to.Port())
	answer, ended, err := p.ask(ctx, d, to, patience)
	if err != nil {
		return Finding{}, err
	}
	if len(answer) == 0 && ended && p.again != nil {
		// It answered a moment ago: what cannot be asked now is not known.
		p = p.again
		answer, _, _ = p.ask(ctx, d, to, patience)
	}
	return Finding{Service: p.judge(answer)}, nil
}

// ask has the exchange of a protocol over a connection of its own. err is of
// connecting only.
func (p *protocol) ask(ctx context.Context, d Dialer, to netip.AddrPort, patience time.Duration) (answer []byte, ended bool, err error) {
	conn, err := d.Dial(ctx, to)
	if err != nil {
		return nil, false, err
	}
	defer conn.Close() //nolint:errcheck // nothing was written that could be lost
	end(ctx, conn, patience)
	answer, ended = p.talk(conn, to)
	return answer, ended, nil
}

// judge makes facts of an answer.
func (p *protocol) judge(answer []byte) check.Facts {
	facts, err := p.parse(answer)
	if err != nil {
		if facts = greeting(answer); facts == nil && p.unclear != "" {
			facts.Add("Unclear", p.unclear)
		}
	}
	return facts
}

// end limits all that happens on a connection.
func end(ctx context.Context, conn net.Conn, patience time.Duration) {
	until := time.Now().Add(patience)
	if limit, ok := ctx.Deadline(); ok && limit.Before(until) {
		until = limit
	}
	_ = conn.SetDeadline(until) // a connection that cannot is broken, and reading says so
}

// talk has the one exchange of a protocol and gives what was said, and whether the
// service ended the connection.
func (p *protocol) talk(conn net.Conn, to netip.AddrPort) (said []byte, ended bool) {
	if p.hello != nil {
		if _, err := conn.Write(p.hello(to)); err != nil {
			return nil, false
		}
		return read(conn, maxAnswer, p.whole)
	}
	said, ended = read(conn, maxGreeting, p.whole)
	if p.reply == nil || ended {
		return said, ended
	}
	reply := p.reply(said)
	if reply == nil {
		return said, false
	}
	if _, err := conn.Write(reply); err != nil {
		return said, true
	}
	answer, ended := read(conn, maxGreeting, nil)
	return append(said, answer...), ended
}

// read reads until whole says so, the limit, the end or the deadline. Without
// whole one piece is enough. ended tells that the other side ended it.
func read(r io.Reader, limit int, whole func([]byte) bool) (out []byte, ended bool) {
	buffer := make([]byte, 4096)
	for len(out) < limit {
		n, err := r.Read(buffer[:min(len(buffer), limit-len(out))])
		out = append(out, buffer[:n]...)
		switch {
		case err != nil:
			var wait net.Error
			return out, !errors.As(err, &wait) || !wait.Timeout()
		case n > 0 && (whole == nil || whole(out)):
			return out, false
		}
	}
	return out, false
}

// yes spells a truth as rows do.
func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
