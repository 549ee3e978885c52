package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/policy"
	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/shared/check"
)

// checkOnce is the verb check: it reads and judges, and changes nothing. With an
// enrolled machine's data folder it judges by the site's policy.
func checkOnce(ctx context.Context, o *options, stdout io.Writer) error {
	c, _, err := load(o, io.Discard)
	if err != nil {
		return err
	}
	ids, err := choose(o.names)
	if err != nil {
		return err
	}
	parameters := parametersOf(c.DataDir)
	p := probe.New(c.RootDir)
	signatures, err := openSignatures(c.DataDir, func() int64 { return time.Now().UnixMilli() })
	if err != nil {
		return err
	}
	p.Signatures = signatures
	var verdicts []check.Verdict
	for _, id := range ids {
		v := check.Judge(id, p.Read(ctx, id), parameters(id))
		verdicts = append(verdicts, v)
		switch {
		case v.Status == check.Fail:
			err = errFailed
		case v.Status == check.Unknown && err == nil:
			err = errUnknown
		}
	}
	text := verdictJSON(verdicts)
	if !o.json {
		text = verdictText(verdicts, isColoured(stdout))
	}
	if _, err := stdout.Write(text); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // what was cut short says nothing about the host
	}
	return err
}

// choose turns names into ids; none means all that this system has.
func choose(names []string) ([]check.ID, error) {
	if len(names) == 0 {
		return probe.Checks(), nil
	}
	var ids []check.ID
	for _, name := range names {
		if !slices.Contains(check.All(), check.ID(name)) {
			return nil, errors.Join(errors.New("there is no check "+name), errUsage)
		}
		ids = append(ids, check.ID(name))
	}
	return ids, nil
}

// parametersOf takes the site's parameters where they can be read and verified;
// anybody may run checks, only the agent's own account reads its data folder.
func parametersOf(folder string) func(check.ID) check.Parameters {
	none := func(check.ID) check.Parameters { return nil }
	pin, err := identity.ReadPin(folder)
	if err != nil || pin == nil {
		return none
	}
	p, err := policy.New(folder, pin.CentralRoot, 0)
	if err != nil {
		return none
	}
	return p.Parameters
}
