package rule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

// ended is a context that is alive at the first look and ended from then on.
type ended struct {
	context.Context //nolint:containedctx // it is a context
	looks           int
}

func (c *ended) Err() error {
	if c.looks++; c.looks > 1 {
		return context.DeadlineExceeded
	}
	return nil
}

func (c *ended) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func TestAnEvaluationThatRunsIsInterrupted(t *testing.T) {
	env, err := newEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	program, err := compile(env, `facts.all(k, facts[k] == "v") && severity == "high"`)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Severity: "high"}
	for i := range 2 * interruptStep {
		in.Facts = append(in.Facts, check.Fact{Name: fmt.Sprint("f", i), Value: "v"})
	}
	r := &Rule{ID: "test-rule", program: program}
	if matched, err := r.matches(t.Context(), in.variables()); !matched || err != nil {
		t.Fatalf("matches = %v, %v; want a match when nothing interrupts", matched, err)
	}
	matched, err := r.matches(&ended{Context: t.Context()}, in.variables())
	if matched || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("matches(ended) = %v, %v; want it interrupted", matched, err)
	}
}

func TestAConditionThatBreaksABoundIsRefusedWhenItIsRead(t *testing.T) {
	env, err := newEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, when, says string }{
		{"nothing", ``, "Syntax error"},
		{"half an expression", `severity ==`, "Syntax error"},
		{"a text", `severity`, "gives string, not bool"},
		{"a dynamic value", `dyn(true)`, "gives dyn, not bool"},
		{"an unknown variable", `drifttype == "x"`, "undeclared reference to 'drifttype'"},
		{"a mistyped field of host", `host.hostnme == "x"`, "undeclared reference"},
		{"a number compared with text", `facts.x == 1`, "no matching overload"},
		{"an unknown function", `shell("id") == ""`, "undeclared reference to 'shell'"},
		{"an oversized source", `severity == "` + strings.Repeat("x", maxWhen) + `"`, "size"},
		{"deep nesting", strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), "recursion"},
		{"a loop in a loop", `facts.all(a, facts.all(b, facts.all(c, a == b)))`, "nesting limit"},
		{"a pattern that is none", `severity.matches("(")`, "invalid matches argument"},
		{"a pattern that would explode", `severity.matches("((a{30}){30}){30}")`, "invalid matches argument"},
		{"a pattern with a large program", `severity.matches("(a{500}){2}b{500}")`, "program size"},
		{"a pattern from a fact", `severity.matches(facts.x)`, "not a literal"},
		{"a pattern put together", `severity.matches("a" + "b")`, "not a literal"},
		{"a pattern from a fact as a function", `matches(severity, facts.x)`, "not a literal"},
	} {
		if _, err := compile(env, test.when); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: compile = %v; want an error saying %q", test.name, err, test.says)
		}
	}
}
