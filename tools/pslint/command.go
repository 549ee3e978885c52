package main

import "strings"

// command is one call in a script.
type command struct {
	node *node
	name string
	// invoked is '&' or '.', before what is called.
	invoked string
	// arguments by parameter; a switch's is nil. What stands without a parameter is
	// under "".
	arguments map[string][]*node
	// parameters in their order, as written.
	parameters []string
	splat      bool
}

func readCommand(n *node) *command {
	c := &command{node: n, arguments: map[string][]*node{}}
	current := ""
	for _, child := range n.children {
		switch child.kind {
		case "command_invokation_operator":
			c.invoked = child.text
		case "command_name", "command_name_expr":
			c.name = child.text
		case "command_elements":
			for _, e := range child.children {
				switch e.kind {
				case "command_parameter":
					current = strings.TrimPrefix(e.text, "-")
					c.parameters = append(c.parameters, current)
					c.arguments[current] = nil
				case "command_argument_sep", "comment", "redirection":
				default:
					if strings.HasPrefix(strings.TrimSpace(e.text), "@") && e.inner().kind == "variable" {
						c.splat = true
					}
					c.arguments[current] = append(c.arguments[current], e)
					current = ""
				}
			}
		}
	}
	return c
}

// value gives what a parameter's argument may be; "*" stands for what is not
// known before the script runs, nothing for a parameter that is not there.
func (c *command) value(s *script, parameter string) []string {
	arguments, there := c.arguments[parameter]
	if !there {
		return nil
	}
	var all []string
	for _, a := range arguments {
		all = append(all, s.values(a)...)
	}
	return all
}
