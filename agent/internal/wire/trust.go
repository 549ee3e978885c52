package wire

import "github.com/osiriscare/osiris/proto/trust/v1/trustlite"

// The messages of trust.v1 stay the generated types, because shared/trust works
// on them; here are only their tables, as conversions of those types. Comments
// are in trust.proto.

// Envelope is a trustlite.SignedEnvelope.
type Envelope trustlite.SignedEnvelope

// Fields is the message's table.
func (m *Envelope) Fields(c *Codec) {
	c.Bytes(1, &m.Payload)
	c.Bytes(2, &m.KeyId)
	c.Bytes(3, &m.Signature)
}

// TrustChain is a trustlite.TrustChain with its envelopes encoded.
type TrustChain struct{ Delegation, Doc, RootKey []byte }

// Fields is the message's table.
func (m *TrustChain) Fields(c *Codec) {
	c.Sub(1, &m.Delegation)
	c.Sub(2, &m.Doc)
	c.Bytes(3, &m.RootKey)
}

// Delegation is a trustlite.Delegation.
type Delegation trustlite.Delegation

// Fields is the message's table.
func (m *Delegation) Fields(c *Codec) {
	c.Uint(1, &m.Version)
	c.Bytes(2, &m.OnlineKey)
	c.Int(3, &m.IssuedMs)
	c.Int(4, &m.ExpiresMs)
}

// TrustDoc is a trustlite.TrustDoc; Appliances are decoded.
type TrustDoc trustlite.TrustDoc

// Fields is the message's table.
func (m *TrustDoc) Fields(c *Codec) {
	c.String(1, &m.SiteId)
	c.Uint(2, &m.Version)
	c.Int(3, &m.IssuedMs)
	c.Int(4, &m.ExpiresMs)
	c.List(5, &m.SiteRoots)
	if i := c.each(6, len(m.Appliances)); i >= 0 {
		if c.decoding {
			m.Appliances = append(m.Appliances, &trustlite.ApplianceKeys{})
		}
		for ; i < len(m.Appliances); i++ {
			c.inner(6, (*applianceKeys)(m.Appliances[i]))
		}
	}
	c.Strings(7, &m.WitnessVkeys)
	c.Strings(8, &m.RevokedAgents)
	c.List(9, &m.RevokedSerials)
}

type applianceKeys trustlite.ApplianceKeys

func (m *applianceKeys) Fields(c *Codec) {
	c.String(1, &m.ApplianceId)
	c.Bytes(2, &m.CommandKey)
	c.Bytes(3, &m.BundleKey)
	c.Strings(4, &m.LogVkeys)
	c.Bool(5, &m.Retired)
}

// Policy is a trustlite.Policy.
type Policy trustlite.Policy

// Fields is the message's table.
func (m *Policy) Fields(c *Codec) {
	c.String(1, &m.SiteId)
	c.Uint(2, &m.Version)
	c.Int(3, &m.IssuedMs)
	c.Int(4, &m.ExpiresMs)
	c.tier(5, &m.Tier)
	c.tier(6, &m.Ceiling)
	if i := c.each(7, len(m.HostTiers)); i >= 0 {
		if c.decoding {
			m.HostTiers = append(m.HostTiers, &trustlite.HostTier{})
		}
		for ; i < len(m.HostTiers); i++ {
			c.inner(7, (*hostTier)(m.HostTiers[i]))
		}
	}
	c.Uint32(8, &m.CheckIntervalMs)
	c.Uint32(9, &m.CheckJitterPercent)
	c.Strings(10, &m.EnabledChecks)
	if i := c.each(11, len(m.Parameters)); i >= 0 {
		if c.decoding {
			m.Parameters = append(m.Parameters, &trustlite.CheckParameter{})
		}
		for ; i < len(m.Parameters); i++ {
			c.inner(11, (*checkParameter)(m.Parameters[i]))
		}
	}
	c.Strings(12, &m.StandingRunbooks)
}

type hostTier trustlite.HostTier

func (m *hostTier) Fields(c *Codec) {
	c.String(1, &m.AgentId)
	c.tier(2, &m.Tier)
}

type checkParameter trustlite.CheckParameter

func (m *checkParameter) Fields(c *Codec) {
	c.String(1, &m.CheckId)
	c.String(2, &m.Name)
	c.String(3, &m.Value)
}

// Command is a trustlite.Command.
type Command trustlite.Command

// Fields is the message's table.
func (m *Command) Fields(c *Codec) {
	c.String(1, &m.AgentId)
	c.Bytes(2, &m.SessionNonce)
	c.Bytes(3, &m.CommandId)
	c.Uint(4, &m.PolicyVersion)
	c.String(5, &m.RunbookId)
	c.Bytes(6, &m.RunbookHash)
	if i := c.each(7, len(m.Parameters)); i >= 0 {
		if c.decoding {
			m.Parameters = append(m.Parameters, &trustlite.Parameter{})
		}
		for ; i < len(m.Parameters); i++ {
			c.inner(7, (*parameter)(m.Parameters[i]))
		}
	}
	c.String(8, &m.IncidentId)
	c.String(9, &m.CheckId)
	c.Uint32(10, &m.TimeoutMs)
	c.Bool(11, &m.DryRun)
}

type parameter trustlite.Parameter

func (m *parameter) Fields(c *Codec) {
	c.String(1, &m.Name)
	c.String(2, &m.Value)
}

// each says from which element on a list of messages is to be worked on: from
// the first when encoding, from the one that is about to be added when decoding,
// and -1 when the field in hand is another.
func (c *Codec) each(num uint64, length int) int {
	switch {
	case !c.decoding:
		return 0
	case c.num == num:
		return length
	}
	return -1
}

// inner encodes or decodes one element.
func (c *Codec) inner(num uint64, m Message) {
	if !c.decoding {
		c.out = AppendBytes(c.out, num, Encode(m))
		return
	}
	c.failed = c.failed || Decode(c.take(), m) != nil
}

func (c *Codec) tier(num uint64, t *trustlite.Tier) {
	u := uint64(*t)
	c.Uint(num, &u)
	*t = trustlite.Tier(u)
}
