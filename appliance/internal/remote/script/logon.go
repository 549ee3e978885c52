package script

import (
	"context"
	"sync/atomic"
)

// logon is one run's way past the guard. A run that finds a connection shows no
// password, so only what Windows hosts are asked anew goes through it.
type logon struct {
	guard *guard
	login login
	told  atomic.Bool // what came of one
}

func (g *guard) logon(l login) *logon { return &logon{guard: g, login: l} }

// held says that the credential must not be used now, without waiting.
func (o *logon) held() error {
	o.guard.mu.Lock()
	defer o.guard.mu.Unlock()
	return o.guard.of(o.login).held(o.login)
}

// ask is the road's Logon.
func (o *logon) ask(ctx context.Context) (func(error), error) {
	done, err := o.guard.use(ctx, o.login)
	if err != nil {
		return nil, err
	}
	return func(err error) {
		o.told.Store(true)
		done(o.login.standing(err))
	}, nil
}

// ended takes a refusal on a connection that had been accepted before: some hosts
// authenticate each message.
func (o *logon) ended(err error) {
	v := o.login.standing(err)
	if o.told.Load() || v != refused && v != declined {
		return
	}
	o.guard.mu.Lock()
	s := o.guard.of(o.login)
	o.guard.mu.Unlock()
	o.guard.note(o.login, s, v)
}
