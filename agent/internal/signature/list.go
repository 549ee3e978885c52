package signature

import (
	"errors"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Bounds of a list. Whoever signs one can make every agent work; these say how
// much. The real list has 100 products in 16 KB.
const (
	maxBytes    = 128 << 10 // of the envelope
	maxProducts = 256
	maxText     = 200 // bytes of a pattern or a name
	maxWild     = 2   // wildcards of a pattern: matching backtracks
)

// ErrBounds means a list that is signed and still not fit to be used.
var ErrBounds = errors.New("signature list is out of bounds")

// List is a signature list as this system needs it.
type List struct {
	Version   uint64
	ExpiresMs int64
	Products  []Product
}

// Product is one product with the marks it leaves on this system.
type Product struct {
	ID, Name  string
	BundledBy []string
	Marks     wire.ProductMarks
}

// parse reads a list that was verified.
func parse(encoded *wire.SignatureList) (*List, error) {
	if encoded.Version == 0 || len(encoded.Products) > maxProducts {
		return nil, ErrBounds
	}
	list := &List{encoded.Version, encoded.ExpiresMs, make([]Product, len(encoded.Products))}
	for i, b := range encoded.Products {
		p := &list.Products[i]
		var w wire.ProductSignature
		err := wire.Decode(b, &w)
		if err == nil {
			err = wire.Decode(w.Marks[system], &p.Marks)
		}
		if err != nil {
			return nil, err
		}
		p.ID, p.Name, p.BundledBy = w.ID, w.Name, w.BundledBy
		if !p.valid() {
			return nil, ErrBounds
		}
	}
	return list, nil
}

// valid holds each text to its bounds, and writes variables out.
func (p *Product) valid() bool {
	ok := fits(p.ID) && fits(p.Name)
	for _, patterns := range &p.Marks {
		for i, pattern := range patterns {
			if ok = ok && fits(pattern); ok {
				patterns[i] = expand(pattern)
			}
		}
	}
	return ok
}

func fits(s string) bool {
	return s != "" && len(s) <= maxText && strings.Count(s, "*")+strings.Count(s, instanceMark) <= maxWild
}
