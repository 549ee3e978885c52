package publish

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/catalog"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// runbooks is the catalogue of this program.
var runbooks = sync.OnceValues(runbook.Load)

// checkNames refuses a policy that names what there is not: an agent passes over
// it in silence, and the person would believe it was set.
func checkNames(p *trustv1.Policy) error {
	for _, name := range p.GetEnabledChecks() {
		if c, known := catalog.Find(check.ID(name)); !known || string(c.ID) != name {
			return fmt.Errorf("%w: there is no check %.64q", ErrPolicy, name)
		}
	}
	seen := map[string]bool{}
	for _, set := range p.GetParameters() {
		c, known := catalog.Find(check.ID(set.GetCheckId()))
		if !known || string(c.ID) != set.GetCheckId() {
			return fmt.Errorf("%w: there is no check %.64q", ErrPolicy, set.GetCheckId())
		}
		usual, known := c.Default(set.GetName())
		if !known {
			return fmt.Errorf("%w: the check %s has no parameter %.64q, only %s", ErrPolicy, c.ID, set.GetName(), parameters(&c))
		}
		name := set.GetCheckId() + "." + set.GetName()
		if seen[name] {
			return fmt.Errorf("%w: %s is set twice", ErrPolicy, name)
		}
		seen[name] = true
		if err := fits(usual, set.GetValue()); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrPolicy, name, err)
		}
	}
	return checkStanding(p.GetStandingRunbooks())
}

// fits refuses a value that a judge would pass over for its default: a number
// where the default is one, yes or no likewise. Others are texts of the check's.
func fits(usual, value string) error {
	if _, err := strconv.ParseUint(usual, 10, 32); err == nil {
		if _, err := strconv.ParseUint(value, 10, 32); err != nil {
			return fmt.Errorf("%.64q is not a whole number; the default is %s", value, usual)
		}
	}
	if usual == "yes" || usual == "no" {
		if value != "yes" && value != "no" {
			return fmt.Errorf("%.64q is neither yes nor no; the default is %s", value, usual)
		}
	}
	return nil
}

// checkStanding refuses standing orders that no agent could follow by itself.
func checkStanding(ids []string) error {
	books, err := runbooks()
	if err != nil {
		return err
	}
	for n, id := range ids {
		book, err := books.Get(id)
		switch {
		case err != nil:
			return fmt.Errorf("%w: %w", ErrPolicy, err)
		case book.Roads.Agent == nil:
			return fmt.Errorf("%w: no agent runs %s by itself", ErrPolicy, id)
		case book.Disruptive || book.Reboot:
			return fmt.Errorf("%w: %s interrupts people, and nobody would be asked", ErrPolicy, id)
		case slices.Contains(ids[:n], id):
			return fmt.Errorf("%w: %s is named twice", ErrPolicy, id)
		}
		if _, err := book.Validate(nil); err != nil {
			return fmt.Errorf("%w: a standing order has no parameters: %w", ErrPolicy, err)
		}
	}
	return nil
}

func parameters(c *catalog.Check) string {
	if len(c.Parameters) == 0 {
		return "none"
	}
	names := make([]string, len(c.Parameters))
	for n, p := range c.Parameters {
		names[n] = p.Name
	}
	return strings.Join(names, ", ")
}
