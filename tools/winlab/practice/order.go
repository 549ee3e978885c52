package practice

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/osiriscare/osiris/tools/winlab/model"
)

// ErrOrder is an order that cannot be done.
var ErrOrder = errors.New("bad order")

// Order is something that happens to a host while it runs, as JSON.
type Order struct {
	Host string `json:"host"`
	// Do is get, set, policy (set by group policy), deny, allow, hang, wake,
	// reboot, history or stats.
	Do string `json:"do"`
	// Path of the model, for get, set and policy.
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
	// Part is denied or allowed: a check's id, or snapshot, remediate, rollback.
	Part    string `json:"part,omitempty"`
	Message string `json:"message,omitempty"`
	Code    string `json:"code,omitempty"`
	// Seconds that a reboot takes.
	Seconds float64 `json:"seconds,omitempty"`
}

// Do does an order and gives what it asked for, if anything.
func (p *Practice) Do(o Order) (any, error) {
	i := slices.IndexFunc(p.hosts, func(h *Host) bool { return h.Name == o.Host })
	if i < 0 {
		return nil, fmt.Errorf("%w: there is no host %.32q", ErrOrder, o.Host)
	}
	h := p.hosts[i]
	switch o.Do {
	case "get":
		v, ok := h.Model.Get(o.Path)
		if !ok {
			return nil, fmt.Errorf("%w: %s has no %.64q", ErrOrder, o.Host, o.Path)
		}
		return v, nil
	case "set":
		return nil, h.Model.Set(o.Path, o.Value)
	case "policy":
		return nil, h.Model.Policy(o.Path, o.Value)
	case "deny":
		h.Model.Deny(o.Part, model.Denial{Message: o.Message, Code: o.Code})
	case "allow":
		h.Model.Allow(o.Part)
	case "hang", "wake":
		h.Machine.Hang(o.Do == "hang")
	case "reboot":
		return nil, h.Machine.Reboot(time.Duration(o.Seconds * float64(time.Second)))
	case "history":
		return h.Model.History(), nil
	case "stats":
		return h.Machine.Service().Stats(), nil
	default:
		return nil, fmt.Errorf("%w: nobody can %.32q", ErrOrder, o.Do)
	}
	return nil, nil
}
