package ssh

import (
	"bytes"
	"io"
	"sync"
)

const (
	// question is how sudo asks for the password, ready what the command says
	// when sudo let it begin.
	question = "OSIRIS-SUDO-ASKS"
	ready    = "OSIRIS-SUDO-DONE"
	// maxSaid is how much may be said before that: greetings and lectures.
	maxSaid = 64 << 10
)

// gate keeps a command's input back until sudo has let it begin. What is sent to
// sudo early it would take for further passwords when the first is wrong, which
// locks accounts, and a password that sudo does not ask for would run as a command.
type gate struct {
	mu              sync.Mutex
	asks            bool          // there is a password to send
	before, asked   []byte        // what was said on each stream
	questions       int           // how often it asked
	ask, open, shut chan struct{} // closed when it did first; when it is ready; when nothing more is sent
	opened, closed  bool
}

func newGate(how Sudo) *gate {
	g := &gate{asks: how == SudoPassword, ask: make(chan struct{}), open: make(chan struct{}), shut: make(chan struct{})}
	if how == SudoNone {
		g.opened = true
		close(g.open)
	}
	return g
}

// output takes the standard output, and passes what follows the sign.
func (g *gate) output(b []byte) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened {
		return b
	}
	g.before = append(g.before, b...)
	_, rest, found := bytes.Cut(g.before, []byte(ready+"\n"))
	if !found {
		if len(g.before) > maxSaid {
			g.end()
			g.before = g.before[len(g.before)-len(ready):]
		}
		return nil
	}
	g.opened, g.before = true, nil
	close(g.open)
	return rest
}

// complaint takes the standard error, and passes what comes after the beginning.
func (g *gate) complaint(b []byte) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened {
		return b
	}
	g.asked = append(g.asked, b...)
	for g.asks {
		_, rest, found := bytes.Cut(g.asked, []byte(question))
		if !found {
			break
		}
		g.asked = rest
		if g.questions++; g.questions == 1 {
			close(g.ask)
		} else {
			g.end() // the password was wrong
		}
	}
	if len(g.asked) > maxSaid {
		g.end()
		g.asked = g.asked[len(g.asked)-len(question):]
	}
	return nil
}

// close says that nothing more will be sent.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end()
}

func (g *gate) end() {
	if !g.closed {
		g.closed = true
		close(g.shut)
	}
}

// passed tells whether the command itself has begun.
func (g *gate) passed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.opened
}

// feed writes the password when it is asked for and the input when the command
// has begun, and closes.
func (g *gate) feed(w io.WriteCloser, password string, input []byte) {
	select {
	case <-g.open:
		send(w, input)
		return
	case <-g.ask:
		if _, err := io.WriteString(w, password+"\n"); err != nil {
			return // the session has ended, and says so itself
		}
	case <-g.shut:
		send(w, nil)
		return
	}
	select {
	case <-g.open:
		send(w, input)
	case <-g.shut:
		send(w, nil)
	}
}
