package runbook

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxBrackets bounds flow collections: the parser takes the square of their
// nesting, 3 s for 32,000 brackets.
const maxBrackets = 1024

// Decode reads YAML that decides what runs on a computer; rule files are read
// with it too. An unknown key is an error with its line. So are a second
// document, which the library would skip without a word, anchors, which can
// make a small file large, and tags, on which it can crash (found by fuzzing
// goccy/go-yaml 1.19.2, 2026-11-22); another crash of its becomes an error.
func Decode(content []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("parsing YAML: the parser crashed: %v", p)
		}
	}()
	if n := bytes.Count(content, []byte("[")) + bytes.Count(content, []byte("{")); n > maxBrackets {
		return fmt.Errorf("parsing YAML: %d opening brackets, at most %d", n, maxBrackets)
	}
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return fmt.Errorf("parsing YAML: %w", err)
	}
	if n := len(file.Docs); n != 1 || file.Docs[0].Body == nil {
		return fmt.Errorf("parsing YAML: not one document but %d, or an empty one", n)
	}
	body := file.Docs[0].Body
	plain := &plainOnly{}
	ast.Walk(plain, body)
	if plain.err != nil {
		return fmt.Errorf("parsing YAML: %w", plain.err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(nil), yaml.Strict()).DecodeFromNode(body, into); err != nil {
		return fmt.Errorf("decoding YAML: %w", err)
	}
	return nil
}

var errPlain = errors.New("anchors, aliases and tags are not allowed")

// plainOnly looks for nodes that repeat others.
type plainOnly struct{ err error }

// Visit is called by ast.Walk for each node.
func (p *plainOnly) Visit(node ast.Node) ast.Visitor {
	switch node.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType, ast.TagType:
		p.err = errPlain
		return nil
	default:
		return p
	}
}
