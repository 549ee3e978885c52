package probe

import (
	"encoding/binary"
	"errors"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// From the kernel's include/uapi/linux/netfilter/nf_tables.h and nfnetlink.h.
const (
	nlmsgError    = 2
	nlmsgDone     = 3
	nftNewChain   = 10<<8 | 3
	nlmsgHeader   = 16
	nfgenHeader   = 4
	attrHook      = 4
	attrPolicy    = 5
	attrUse       = 6
	attrType      = 7
	attrHookNum   = 1
	hookInput     = 1
	policyDrop    = 0
	familyInet    = 1
	familyIPv4    = 2
	familyIPv6    = 10
	attrTypeMask  = 0x3fff
	attrAlignment = 4
)

// errMessage is a netlink answer that breaks its own lengths.
const errMessage winapi.Sentinel = "malformed netlink message"

// inputPolicy gathers what the base chains on the input hook say.
type inputPolicy struct {
	drop4, drop6 bool
	rules        bool // a chain that accepts by policy has rules, which may end in a drop
	done         bool
}

// parseChains reads one datagram of a chain dump.
func (p *inputPolicy) parseChains(datagram []byte) error {
	for len(datagram) >= nlmsgHeader {
		length := binary.NativeEndian.Uint32(datagram)
		kind := binary.NativeEndian.Uint16(datagram[4:])
		if length < nlmsgHeader || uint64(length) > uint64(len(datagram)) {
			return errMessage
		}
		body := datagram[nlmsgHeader:length]
		switch kind {
		case nlmsgDone:
			p.done = true
			return nil
		case nlmsgError:
			return errors.New("the kernel refused to list its chains")
		case nftNewChain:
			if len(body) < nfgenHeader {
				return errMessage
			}
			if err := p.chain(body[0], body[nfgenHeader:]); err != nil {
				return err
			}
		}
		datagram = datagram[min(align(int(length)), len(datagram)):]
	}
	return nil
}

func (p *inputPolicy) chain(family byte, attrs []byte) error {
	hook, policy, use := uint32(0), uint32(0), uint32(0)
	base, filter := false, false
	err := eachAttr(attrs, func(kind uint16, value []byte) error {
		switch kind {
		case attrHook:
			base = true
			return eachAttr(value, func(kind uint16, value []byte) error {
				if kind == attrHookNum && len(value) == 4 {
					hook = binary.BigEndian.Uint32(value)
				}
				return nil
			})
		case attrPolicy, attrUse:
			if len(value) != 4 {
				return errMessage
			}
			if kind == attrPolicy {
				policy = binary.BigEndian.Uint32(value)
			} else {
				use = binary.BigEndian.Uint32(value)
			}
		case attrType:
			filter = string(value) == "filter\x00"
		}
		return nil
	})
	if err != nil || !base || !filter || hook != hookInput {
		return err
	}
	if policy != policyDrop {
		p.rules = p.rules || use > 0
		return nil
	}
	p.drop4 = p.drop4 || family == familyInet || family == familyIPv4
	p.drop6 = p.drop6 || family == familyInet || family == familyIPv6
	return nil
}

func eachAttr(attrs []byte, each func(kind uint16, value []byte) error) error {
	for len(attrs) >= 4 {
		length := int(binary.NativeEndian.Uint16(attrs))
		if length < 4 || length > len(attrs) {
			return errMessage
		}
		if err := each(binary.NativeEndian.Uint16(attrs[2:])&attrTypeMask, attrs[4:length]); err != nil {
			return err
		}
		attrs = attrs[min(align(length), len(attrs)):]
	}
	return nil
}

func align(n int) int { return (n + attrAlignment - 1) &^ (attrAlignment - 1) }

// verdict is drop, accept, or an error where the rules themselves decide.
func (p *inputPolicy) verdict(ipv6 bool) (string, error) {
	switch {
	case p.drop4 && (p.drop6 || !ipv6):
		return "drop", nil
	case p.rules:
		return "", errors.New("the input chains accept by policy and have rules")
	default:
		return "accept", nil
	}
}
