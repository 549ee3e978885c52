package wsman

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of what a client sends: WinRM messages are flat and small.
const (
	maxDepth    = 32
	maxElements = 2000
)

// errXML is what is not an XML document, or beyond the bounds.
var errXML = errors.New("malformed XML")

// element is an XML element without its comments and instructions.
type element struct {
	name     xml.Name
	attrs    []xml.Attr
	children []*element
	text     string
}

// parseXML reads one document.
func parseXML(b []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	var stack []*element
	var root *element
	var texts []strings.Builder
	count := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil && len(stack) == 0 {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errXML, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			count++
			if len(stack) == maxDepth || count > maxElements || (len(stack) == 0 && root != nil) {
				return nil, fmt.Errorf("%w: too deep or too many", errXML)
			}
			e := &element{name: t.Name, attrs: t.Copy().Attr}
			if len(stack) == 0 {
				root = e
			} else {
				top := stack[len(stack)-1]
				top.children = append(top.children, e)
			}
			stack = append(stack, e)
			texts = append(texts, strings.Builder{})
		case xml.EndElement:
			last := len(stack) - 1
			stack[last].text = texts[last].String()
			stack, texts = stack[:last], texts[:last]
		case xml.CharData:
			if len(stack) > 0 {
				texts[len(texts)-1].Write(t)
			}
		case xml.Directive:
			return nil, fmt.Errorf("%w: a document type", errXML)
		}
	}
}

// child gives the first child of that name, nil if there is none.
func (e *element) child(space, local string) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name.Space == space && c.name.Local == local {
			return c
		}
	}
	return nil
}

// value is the text without the white space around it; nil has none.
func (e *element) value() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.text)
}

func (e *element) attr(space, local string) string {
	if e == nil {
		return ""
	}
	for _, a := range e.attrs {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}
