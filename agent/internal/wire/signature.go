package wire

// The messages of a signature list. Comments are in trust.proto.

// SignatureList is the list.
type SignatureList struct {
	Version             uint64
	IssuedMs, ExpiresMs int64
	Products            [][]byte // each a ProductSignature
}

// Fields is the message's table.
func (m *SignatureList) Fields(c *Codec) {
	c.Uint(1, &m.Version)
	c.Int(2, &m.IssuedMs)
	c.Int(3, &m.ExpiresMs)
	c.List(4, &m.Products)
}

// ProductSignature is one product.
type ProductSignature struct {
	ID, Name  string
	BundledBy []string
	Marks     [3][]byte // each a ProductMarks, by system
}

// Systems, as places in Marks.
const (
	MarksWindows = iota
	MarksDarwin
	MarksLinux
)

// Fields is the message's table.
func (m *ProductSignature) Fields(c *Codec) {
	c.String(1, &m.ID)
	c.String(2, &m.Name)
	c.Strings(3, &m.BundledBy)
	for i := range m.Marks {
		c.Sub(uint64(4+i), &m.Marks[i])
	}
}

// ProductMarks are the patterns of one system, a list a kind of mark.
type ProductMarks [6][]string

// Fields is the message's table.
func (m *ProductMarks) Fields(c *Codec) {
	for i := range m {
		c.Strings(uint64(i+1), &m[i])
	}
}

// Kinds of marks, as places in ProductMarks.
const (
	MarkService = iota
	MarkTitle
	MarkProcess
	MarkPath
	MarkPackage
	MarkKey
)
