package main

import (
	"slices"
	"strings"
)

// unknown stands for a value, or for part of one.
const unknown = "*"

// script is a parsed text with what its variables may be.
type script struct {
	root      *node
	variables map[string][]string
	commands  []*command
	functions map[string]*function
}

// function is one that a script defines.
type function struct {
	name       string
	parameters []string
	node       *node
}

func readScript(root *node) *script {
	s := &script{root: root, variables: map[string][]string{}, functions: map[string]*function{}}
	for _, n := range root.all("function_statement") {
		f := readFunction(n)
		s.functions[f.name] = f
	}
	for _, n := range root.all("command") {
		s.commands = append(s.commands, readCommand(n))
	}
	// Twice, so that a variable may stand for another one.
	for range 2 {
		s.assign()
	}
	return s
}

func readFunction(n *node) *function {
	f := &function{node: n}
	for _, c := range n.children {
		if c.kind == "function_name" {
			f.name = c.text
		}
	}
	for _, p := range n.all("script_parameter") {
		for _, c := range p.children {
			if c.kind == "variable" {
				f.parameters = append(f.parameters, strings.TrimPrefix(c.text, "$"))
			}
		}
	}
	return f
}

// assign notes what each variable may be, wherever it is set.
func (s *script) assign() {
	found := map[string][]string{}
	for _, n := range s.root.all("assignment_expression") {
		named := n.named()
		if len(named) < 2 {
			continue
		}
		left := named[0].inner()
		if left.kind != "variable" {
			continue
		}
		name := strings.ToLower(left.text)
		found[name] = append(found[name], s.values(named[len(named)-1])...)
	}
	for _, n := range s.root.all("foreach_statement") {
		named := n.named()
		for i, c := range named {
			if c.kind == "variable" && i+1 < len(named) {
				name := strings.ToLower(c.text)
				found[name] = append(found[name], s.values(named[i+1])...)
			}
		}
	}
	for _, f := range s.functions {
		for _, p := range f.parameters {
			found["$"+strings.ToLower(p)] = []string{unknown}
		}
	}
	for name, values := range found {
		slices.Sort(values)
		s.variables[name] = slices.Compact(values)
	}
}

// values are what an expression may give, as texts with "*" for what is not known.
func (s *script) values(n *node) []string {
	n = n.inner()
	switch n.kind {
	case "string_literal":
		return s.list(n)
	case "verbatim_string_characters":
		return []string{strings.ReplaceAll(strings.Trim(n.text, "'"), "''", "'")}
	case "expandable_string_literal":
		return []string{s.expand(n)}
	case "generic_token", "integer_literal", "decimal_integer_literal":
		return []string{n.text}
	case "variable":
		return s.variable(n.text)
	case "array_literal_expression", "sub_expression", "parenthesized_expression", "statement_list", "pipeline", "argument_list":
		return s.list(n)
	case "unary_expression", "expression_with_unary_operator":
		return s.list(n)
	case "additive_expression", "additive_argument_expression":
		return s.concatenate(n)
	default:
		return []string{unknown}
	}
}

func (s *script) list(n *node) []string {
	var all []string
	for _, c := range n.named() {
		all = append(all, s.values(c)...)
	}
	if all == nil {
		return []string{unknown}
	}
	return all
}

// variable gives what a variable may be; of the environment, %NAME%.
func (s *script) variable(text string) []string {
	if name, ok := strings.CutPrefix(strings.ToLower(text), "$env:"); ok {
		return []string{"%" + text[len(text)-len(name):] + "%"}
	}
	if values, ok := s.variables[strings.ToLower(text)]; ok {
		return values
	}
	return []string{unknown}
}

// expand puts what is known into a text between double quotes.
func (s *script) expand(n *node) string {
	text := strings.Trim(n.text, `"`)
	for _, c := range n.children {
		value := unknown
		if c.kind == "variable" {
			if v := s.variable(c.text); len(v) == 1 {
				value = v[0]
			}
		} else if c.kind != "sub_expression" {
			continue
		}
		text = strings.Replace(text, c.text, value, 1)
	}
	return text
}

func (s *script) concatenate(n *node) []string {
	named := n.named()
	if len(named) != 2 || !strings.Contains(n.text, "+") {
		return []string{unknown}
	}
	var all []string
	for _, left := range s.values(named[0]) {
		for _, right := range s.values(named[1]) {
			all = append(all, left+right)
		}
	}
	return all
}
