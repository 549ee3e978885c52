package signature

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/osiriscare/osiris/agent/internal/wire"
)

// Bounds of a list. Whoever signs one can make every agent work; these say how
// much. Real lists have 60 products and 20 KB.
const (
	maxBytes    = 128 << 10
	maxProducts = 256
	maxPatterns = 64  // of one kind of one product
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

// parse reads the payload of an envelope.
func parse(payload []byte) (*List, error) {
	var encoded wire.SignatureList
	if len(payload) > maxBytes {
		return nil, ErrBounds
	}
	if err := wire.Decode(payload, &encoded); err != nil {
		return nil, err
	}
	if encoded.Version == 0 || len(encoded.Products) > maxProducts {
		return nil, ErrBounds
	}
	list := &List{Version: encoded.Version, ExpiresMs: encoded.ExpiresMs}
	for _, b := range encoded.Products {
		var w wire.ProductSignature
		if err := wire.Decode(b, &w); err != nil {
			return nil, err
		}
		p := Product{ID: w.ID, Name: w.Name, BundledBy: w.BundledBy}
		if err := wire.Decode(*ours(&w), &p.Marks); err != nil {
			return nil, err
		}
		if !p.valid() {
			return nil, ErrBounds
		}
		list.Products = append(list.Products, p)
	}
	return list, nil
}

func (p *Product) valid() bool {
	if !text(p.ID) || !text(p.Name) || len(p.BundledBy) > maxPatterns {
		return false
	}
	for kind, patterns := range p.Marks {
		if len(patterns) > maxPatterns {
			return false
		}
		for _, pattern := range patterns {
			if !text(pattern) || strings.Count(pattern, "*")+strings.Count(pattern, instanceMark) > maxWild {
				return false
			}
			// Files are only looked for, but nowhere else than it says.
			if kind == wire.MarkPath && strings.Contains(pattern, "..") {
				return false
			}
		}
	}
	return true
}

// text tells whether s is fit for a pattern or a name.
func text(s string) bool {
	return s != "" && len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsAny(s, "\x00\r\n")
}
