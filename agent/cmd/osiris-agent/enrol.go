package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/osiriscare/osiris/agent/internal/atomicfile"
	"github.com/osiriscare/osiris/agent/internal/config"
	"github.com/osiriscare/osiris/agent/internal/folder"
	"github.com/osiriscare/osiris/agent/internal/grpcwire"
	"github.com/osiriscare/osiris/agent/internal/identity"
	"github.com/osiriscare/osiris/agent/internal/lock"
	"github.com/osiriscare/osiris/agent/internal/prompt"
	"github.com/osiriscare/osiris/agent/internal/say"
)

// tokenName is an enrolment token's file in the data folder or beside the
// program.
const tokenName = "token.conf"

// enrol is the verb enrol. On an enrolled machine it does nothing, unless it is
// to enrol again; then it stays what it is until the appliance has answered.
func enrol(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	c, log, err := load(ctx, o, stderr)
	if err == nil {
		err = folder.Private(c.DataDir)
	}
	if err != nil {
		return err
	}
	i, err := current(c.DataDir, log)
	running := errors.Is(err, lock.ErrTaken)
	switch {
	case running && o.again:
		return fmt.Errorf("%w: stop its service, enrol, and start it", err)
	case running && identity.IsEnrolled(c.DataDir) && !o.again:
		log.Info("enrolled already, and running")
		return nil
	case err != nil && !running:
		return err
	case !running && !o.again && i.Enrolled() && i.Pin() != nil:
		log.Info("enrolled already", "agent_id", i.AgentID(), "site_id", i.SiteID())
		return nil
	}
	if err := obtain(ctx, o, c, stdout, log); err != nil {
		return err
	}
	var a *app
	if !running {
		a, err = newApp(c, log, i.Enrolled()) // again, or without knowing whom to believe
	}
	if errors.Is(err, lock.ErrTaken) {
		log.Info("the running agent enrols within a minute")
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(a.enrol(ctx), a.close())
}

// current is the identity in the data folder, which no agent may be using.
func current(dataDir string, log *say.Logger) (*identity.Identity, error) {
	held, err := lock.Take(filepath.Join(dataDir, "lock"))
	if err != nil {
		return nil, err
	}
	i, err := openIdentity(dataDir, log)
	return i, errors.Join(err, held.Close())
}

func exists(path string) bool {
	_, err := atomicfile.Size(path)
	return err == nil
}

// tokenFile is where the enrolment token is: where configuration says, in the
// data folder, or beside the program. Empty means nowhere.
func tokenFile(c *config.Config) string {
	if c.TokenFile != "" {
		return c.TokenFile
	}
	path := filepath.Join(c.DataDir, tokenName)
	if exists(path) {
		return path
	}
	program, err := os.Executable()
	path = filepath.Join(filepath.Dir(program), tokenName)
	if err == nil && exists(path) {
		return path
	}
	return ""
}

const question = "Paste the enrolment token, the content of the file that osiris-appliance token new made. It is not shown.\n"

// obtain sees to it that there is a token: a file, or what a person pastes or
// another program pipes in. That goes into the data folder, so that an enrolment
// that is cut short goes on later. Nothing secret comes by arguments, which every
// user of a machine can read.
func obtain(ctx context.Context, o *options, c *config.Config, stdout io.Writer, log *say.Logger) error {
	if file := tokenFile(c); !o.stdin && file != "" {
		return announce(c, file, log)
	}
	text, err := prompt.Text(ctx, os.Stdin, uintptr(syscall.Stdin), stdout, question, "token")
	if err != nil {
		return err
	}
	if text == "" {
		return errors.New("there is no enrolment token: put the file " + tokenName + " beside this program, or its content on standard input")
	}
	c.TokenFile = filepath.Join(c.DataDir, tokenName)
	if err := atomicfile.Write(c.TokenFile, []byte(text), 0o600); err != nil {
		return err
	}
	if _, err := config.LoadToken(c.TokenFile); err != nil {
		return errors.Join(err, os.Remove(c.TokenFile))
	}
	return nil
}

// announce says whom a token's file has the machine believe: nobody was asked.
func announce(c *config.Config, file string, log *say.Logger) error {
	t, err := loadToken(c, file)
	if err == nil {
		log.Info("token taken from a file", "file", file, "appliance_addr", t.ApplianceAddr, "site_root", t.SiteRoot)
	}
	return err
}

// loadToken reads a token's file. One that lies beside the program, wherever that
// was started, must not be anybody's.
func loadToken(c *config.Config, file string) (*config.Token, error) {
	if c.TokenFile == "" && filepath.Dir(file) != filepath.Clean(c.DataDir) {
		if err := folder.Trusted(file); err != nil {
			return nil, fmt.Errorf("%w; name it as token_file, or pipe it in with --stdin", err)
		}
	}
	return config.LoadToken(file)
}

// enrol trades the token for an identity. One that we wrote ourselves goes then,
// or when the appliance refuses it: the next enrolment shall ask for another.
func (a *app) enrol(ctx context.Context) error {
	file, kept := tokenFile(a.config), filepath.Join(a.config.DataDir, tokenName)
	if file == "" {
		return errNotEnrolled
	}
	token, err := loadToken(a.config, file)
	if err != nil {
		return err
	}
	pending, err := a.link.Enrol(ctx, token.Token.Reveal())
	if err != nil {
		err = fmt.Errorf("using the token in %s: %w", file, err)
		if file == kept && grpcwire.Code(err) == grpcwire.PermissionDenied {
			err = errors.Join(err, atomicfile.Remove(kept))
		}
		return err
	}
	a.log.Info("enrolled", "agent_id", a.identity.AgentID(), "site_id", a.identity.SiteID(), "pending", pending)
	return atomicfile.Remove(kept)
}
