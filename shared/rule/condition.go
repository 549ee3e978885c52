package rule

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// Bounds on one condition. A plain comparison costs 3; at the cost limit a
// regular expression over long facts had run for 0.11 s (2026-11-22).
const (
	maxWhen       = 2048    // code points of the source
	maxDepth      = 32      // nesting of the source
	maxNesting    = 1       // comprehensions inside a comprehension: none
	maxRegexp     = 1000    // instructions of a compiled regular expression
	costLimit     = 100_000 // cost units of one evaluation
	memoryLimit   = 8 << 20 // bytes that one evaluation may make
	interruptStep = 100     // loop steps between two looks at the context
)

// newEnvironment declares what a condition can see. host.os is a variable of
// that dotted name, so that a mistyped field is an error when the rule is read.
func newEnvironment() (*cel.Env, error) {
	env, err := cel.NewEnv(
		cel.Variable("check_id", cel.StringType),
		cel.Variable("drift_type", cel.StringType),
		cel.Variable("severity", cel.StringType),
		cel.Variable("host.os", cel.StringType),
		cel.Variable("host.hostname", cel.StringType),
		cel.Variable("facts", cel.MapType(cel.StringType, cel.StringType)),
		cel.ParserExpressionSizeLimit(maxWhen),
		cel.ParserRecursionLimit(maxDepth),
		cel.ASTValidators(
			cel.ValidateRegexLiterals(),
			cel.ValidateRegexProgramSizeLimit(maxRegexp),
			cel.ValidateComprehensionNestingLimit(maxNesting),
		),
	)
	if err != nil {
		return nil, fmt.Errorf("making rule environment: %w", err)
	}
	return env, nil
}

func compile(env *cel.Env, when string) (cel.Program, error) {
	checked, issues := env.Compile(when)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("compiling when: %w", err)
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("compiling when: it gives %s, not bool", checked.OutputType())
	}
	if err := literalPatterns(checked.NativeRep()); err != nil {
		return nil, fmt.Errorf("compiling when: %w", err)
	}
	program, err := env.Program(checked,
		cel.EvalOptions(cel.OptOptimize),
		cel.CostLimit(costLimit),
		cel.MemoryLimit(memoryLimit),
		cel.InterruptCheckFrequency(interruptStep),
	)
	if err != nil {
		return nil, fmt.Errorf("planning when: %w", err)
	}
	return program, nil
}

// literalPatterns refuses a regular expression that is put together at run time:
// its text could come from a fact, and compiling 4 KB of repeats costs much more
// than the cost limit counts.
func literalPatterns(tree *ast.AST) error {
	calls := ast.MatchDescendants(ast.NavigateAST(tree), ast.FunctionMatcher("matches"))
	for _, call := range calls {
		args := call.AsCall().Args()
		if len(args) == 0 || args[len(args)-1].Kind() != ast.LiteralKind {
			return errors.New("the pattern of matches is not a literal")
		}
	}
	return nil
}

// matches evaluates the rule's condition. A fact that is not there makes it
// false, whatever the operator: rules are written for one check's facts and
// read for all.
func (r *Rule) matches(ctx context.Context, variables map[string]any) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("evaluating rule %s: %w", r.ID, err)
	}
	value, _, err := r.program.ContextEval(ctx, variables)
	// CEL's || takes a true side over an interrupted one, so a condition that was
	// cut short may look decided.
	if late := ctx.Err(); late != nil {
		return false, fmt.Errorf("evaluating rule %s: %w", r.ID, late)
	}
	if err != nil {
		if strings.HasPrefix(err.Error(), "no such key") {
			return false, nil
		}
		return false, fmt.Errorf("evaluating rule %s: %w", r.ID, err)
	}
	matched, ok := value.Value().(bool)
	if !ok {
		return false, fmt.Errorf("evaluating rule %s: it gave %T, not bool", r.ID, value.Value())
	}
	return matched, nil
}
