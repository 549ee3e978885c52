package queue

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// Reasons of a gap, as the wire has them. A joined gap lists several, separated
// by commas.
const (
	ReasonOverflow        = "overflow"
	ReasonExpired         = "expired"
	ReasonDiskFull        = "disk_full"
	ReasonApplianceBehind = "appliance_behind"
)

// maxReason bounds the reason; all four joined have 44 bytes.
const maxReason = 64

// Gap says that the records From..To will never come.
type Gap struct {
	From, To uint64
	Count    uint64 // records lost, at least To-From+1
	Reason   string
}

var errBadGap = errors.New("decoding gap: malformed")

// Encode gives the body of a gap record: three varints and the reason.
func (g *Gap) Encode() []byte {
	b := binary.AppendUvarint(nil, g.From)
	b = binary.AppendUvarint(b, g.To)
	b = binary.AppendUvarint(b, g.Count)
	return append(b, g.Reason...)
}

// DecodeGap reads the body of a gap record. It accepts exactly what Encode makes
// of a sound gap.
func DecodeGap(body []byte) (Gap, error) {
	var g Gap
	rest := body
	for _, field := range []*uint64{&g.From, &g.To, &g.Count} {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			return Gap{}, errBadGap
		}
		*field, rest = v, rest[n:]
	}
	g.Reason = string(rest)
	if g.From == 0 || g.To < g.From || g.Count == 0 || g.Count-1 < g.To-g.From || len(g.Reason) > maxReason || !bytes.Equal(g.Encode(), body) {
		return Gap{}, errBadGap
	}
	return g, nil
}

// join takes in a later neighbour.
func (g *Gap) join(next *Gap) {
	g.To, g.Count, g.Reason = next.To, g.Count+next.Count, joinReasons(g.Reason, next.Reason)
}

// startAt leaves of g what remains for a receiver whose mark is seq-1.
func (g *Gap) startAt(seq uint64) {
	if seq > g.From {
		g.Count -= seq - g.From
		g.From = seq
	}
}

func joinReasons(a, b string) string {
	for more := true; more; {
		var reason string
		reason, b, more = strings.Cut(b, ",")
		if !strings.Contains(","+a+",", ","+reason+",") {
			a += "," + reason
		}
	}
	return a
}
