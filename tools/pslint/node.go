package main

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDepth bounds a tree, whose walks recurse.
const maxDepth = 2000

// node is one node of a syntax tree. Tokens without a name have the kind "-".
type node struct {
	kind     string
	broken   bool // an error of the grammar's, or what it had to invent
	text     string
	line     int
	children []*node
}

// readTree reads what the parser prints about text.
func readTree(text, printed string) (*node, error) {
	var path []*node
	for row := range strings.Lines(printed) {
		n, depth, err := readNode(text, strings.TrimSuffix(row, "\n"))
		if err != nil {
			return nil, err
		}
		if depth > len(path) || depth > maxDepth || depth == 0 && len(path) > 0 {
			return nil, fmt.Errorf("reading a tree: a node of depth %d below %d others", depth, len(path))
		}
		if path = append(path[:depth], n); depth > 0 {
			path[depth-1].children = append(path[depth-1].children, n)
		}
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("reading a tree: it is empty")
	}
	return path[0], nil
}

func readNode(text, row string) (*node, int, error) {
	field := strings.Split(row, "\t")
	if len(field) != 5 {
		return nil, 0, fmt.Errorf("reading a tree: %d fields in %.64q", len(field), row)
	}
	var number [3]int
	for i, at := range [3]int{0, 3, 4} {
		n, err := strconv.Atoi(field[at])
		if err != nil || n < 0 {
			return nil, 0, fmt.Errorf("reading a tree: %.64q is no number", field[at])
		}
		number[i] = n
	}
	// Of an empty token the library may print an end before its start.
	begin, end := number[1], max(number[1], number[2])
	if end > len(text) {
		return nil, 0, fmt.Errorf("reading a tree: byte %d of %d", end, len(text))
	}
	return &node{
		kind: field[1], broken: field[2] == "1", text: text[begin:end],
		line: 1 + strings.Count(text[:begin], "\n"),
	}, number[0], nil
}

// named are the children with names.
func (n *node) named() []*node {
	var all []*node
	for _, c := range n.children {
		if c.kind != "-" && c.kind != "comment" {
			all = append(all, c)
		}
	}
	return all
}

// inner goes down while there is one child only: an expression of one operand is
// a dozen nodes deep.
func (n *node) inner() *node {
	for {
		named := n.named()
		if len(named) != 1 || len(n.children) != 1 || n.kind == "expandable_string_literal" {
			return n
		}
		n = named[0]
	}
}

// walk calls f for each node, from above; where it says false the children are
// left out.
func (n *node) walk(f func(*node) bool) {
	if !f(n) {
		return
	}
	for _, c := range n.children {
		c.walk(f)
	}
}

// all are the nodes of a kind.
func (n *node) all(kind string) []*node {
	var found []*node
	n.walk(func(c *node) bool {
		if c.kind == kind {
			found = append(found, c)
		}
		return true
	})
	return found
}
