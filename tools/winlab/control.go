package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/osiriscare/osiris/tools/winlab/practice"
)

// answer is the line that follows each order.
type answer struct {
	OK    bool   `json:"ok"`
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

// control does the orders of stdin, a line of JSON each, and answers each with
// a line. It ends with the input; an answer that cannot be given is an error.
func control(ctx context.Context, p *practice.Practice, stdin io.Reader, stdout io.Writer) error {
	lines := bufio.NewScanner(stdin)
	out := json.NewEncoder(stdout)
	for lines.Scan() && ctx.Err() == nil {
		var o practice.Order
		var a answer
		err := json.Unmarshal(lines.Bytes(), &o)
		if err == nil {
			a.Value, err = p.Do(o)
		}
		if a.OK = err == nil; err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return fmt.Errorf("answering an order: %w", err)
		}
	}
	return lines.Err()
}
