package posture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/appliance/internal/posture/probe"
	"github.com/osiriscare/osiris/shared/check"
)

// Bounds of what a verdict tells, so that it stays below drift.MaxFacts.
const (
	maxListens = 40
	maxTLS     = 20
)

// sight is what a device showed in one sweep.
type sight struct {
	asked, answers int
	found          []found
	listens        []string
	tls            []string
	certificates   []string
	unfinished     []string
	// cut tells that the sweep's time was over before all was asked.
	cut bool
}

// found is what an open port showed.
type found struct {
	at netip.AddrPort
	probe.Finding
}

// look asks a device at every port, gently, in a shuffled order.
func (s *Scanner) look(ctx context.Context, d *device, m *memory) *sight {
	limited, cancel := context.WithTimeout(ctx, s.cfg.DeviceDeadline)
	defer cancel()
	var ask []netip.AddrPort
	for _, a := range d.Addresses {
		for _, port := range s.cfg.Ports {
			ask = append(ask, netip.AddrPortFrom(a, port))
		}
	}
	rand.Shuffle(len(ask), func(i, j int) { ask[i], ask[j] = ask[j], ask[i] })
	out := &sight{}
	calm := &gentle{Dialer: s.dial, gap: s.cfg.Gap}
	defer out.list()
	for _, to := range ask {
		finding, err := probe.Look(limited, calm, to, answerTime)
		if out.cut = ctx.Err() != nil; out.cut {
			break
		}
		if limited.Err() != nil {
			out.unfinished = append(out.unfinished, fmt.Sprintf("%d of %d ports were asked in %s", out.asked, len(ask), s.cfg.DeviceDeadline))
			break
		}
		out.asked++
		out.take(to, finding, err, m)
	}
	return out
}

// take notes what a port showed.
func (o *sight) take(to netip.AddrPort, finding probe.Finding, err error, m *memory) {
	switch {
	case err == nil:
		o.answers++
		m.opened(to)
		o.found = append(o.found, found{to, finding})
	case errors.Is(err, probe.ErrRefused):
		o.answers++
		m.closed(to)
	case errors.Is(err, probe.ErrSilent), errors.Is(err, probe.ErrAway):
		if m.silent(to) {
			o.unfinished = append(o.unfinished, fmt.Sprintf("port %d of %s was open and is silent", to.Port(), to.Addr()))
		}
	default:
		o.unfinished = append(o.unfinished, fmt.Sprintf("port %d of %s could not be asked", to.Port(), to.Addr()))
	}
}

// list makes the rows, in an order that is the same each time. Ports that said
// something come first, so that of very many those are told.
func (o *sight) list() {
	slices.SortFunc(o.found, func(a, b found) int {
		if mute := len(a.Service) == 0; mute != (len(b.Service) == 0) {
			if mute {
				return 1
			}
			return -1
		}
		return a.at.Compare(b.at)
	})
	for _, f := range o.found {
		o.add(f.at, f.Finding)
	}
	slices.Sort(o.unfinished)
}

// add makes rows of a finding.
func (o *sight) add(to netip.AddrPort, found probe.Finding) {
	where := check.Facts{{Name: "Address", Value: to.Addr().String()}, {Name: "Port", Value: strconv.Itoa(int(to.Port()))}}
	row := func(rows *[]string, most int, more check.Facts) {
		if len(*rows) < most {
			*rows = append(*rows, check.FormatRow(append(where[:2:2], more...)))
			return
		}
		if len(*rows) == most {
			o.unfinished = append(o.unfinished, "more ports are open than can be told")
		}
	}
	row(&o.listens, maxListens, found.Service)
	if found.TLS != nil {
		row(&o.tls, maxTLS, found.TLS)
	}
	if found.Certificate != nil {
		row(&o.certificates, maxTLS, found.Certificate)
	}
}

// facts are those of the checks about services.
func (o *sight) facts(id check.ID) (f check.Facts) {
	f.Add(check.FactAsked, strconv.Itoa(o.asked))
	if o.answers > 0 {
		f.Add(check.FactAnswers, strconv.Itoa(o.answers))
	}
	if len(o.unfinished) > 0 {
		f.Add(check.FactUnfinished, short(o.unfinished))
	}
	for _, row := range o.listens {
		f.Add(check.FactListens, row)
	}
	rows, name := o.tls, check.FactTLS
	if id == check.NetworkCertificates {
		rows, name = o.certificates, check.FactCertificate
	}
	if id != check.NetworkTLS && id != check.NetworkCertificates {
		rows = nil
	}
	for _, row := range rows {
		f.Add(name, row)
	}
	return f
}

// maxReasons is how many reasons one fact names.
const maxReasons = 5

func short(reasons []string) string {
	if len(reasons) <= maxReasons {
		return strings.Join(reasons, "; ")
	}
	return strings.Join(reasons[:maxReasons], "; ") + fmt.Sprintf("; and %d more", len(reasons)-maxReasons)
}
