package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/osiriscare/osiris/shared/credential"
)

// maxSecretLine bounds a line of secrets.
const maxSecretLine = 4096

// secrets reads one secret after the other, never from the command line, which
// other users of the computer see: from a file or a descriptor that is named, from
// the terminal without showing them, or as lines of standard input.
type secrets struct {
	lines  *bufio.Reader // nil at a terminal
	handle int
	ask    io.Writer
	close  func() error
}

// openSecrets opens where the secrets come from; file "" means standard input.
func openSecrets(s *shell, file string) (*secrets, error) {
	in, done := s.stdin, func() error { return nil }
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("opening secrets: %w", err)
		}
		in, done = f, f.Close
	}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor is small
		return &secrets{handle: int(f.Fd()), ask: s.stderr, close: done}, nil //nolint:gosec // a descriptor is small
	}
	return &secrets{lines: bufio.NewReaderSize(in, maxSecretLine), close: done}, nil
}

// next reads one secret. A person types it twice.
func (s *secrets) next(ctx context.Context, what string) (credential.Secret, error) {
	if s.lines != nil {
		line, err := s.lines.ReadSlice('\n')
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
			return credential.Secret{}, fmt.Errorf("reading %s, one line of standard input or of --secret-file: %w", what, err)
		}
		return credential.NewSecret(strings.TrimRight(string(line), "\r\n")), nil
	}
	first, err := s.typed(ctx, what+": ")
	if err != nil {
		return credential.Secret{}, fmt.Errorf("reading %s: %w", what, err)
	}
	again, err := s.typed(ctx, what+", again: ")
	if err != nil {
		return credential.Secret{}, fmt.Errorf("reading %s: %w", what, err)
	}
	if !bytes.Equal(first, again) {
		return credential.Secret{}, fmt.Errorf("reading %s: the two are not the same", what)
	}
	return credential.NewSecret(string(first)), nil
}

// errStopped means that the person wanted to stop rather than to answer.
var errStopped = errors.New("stopped before there was an answer")

// typed asks at the terminal, which shows again what is typed when ctx ends; the
// read that still waits then ends with the process.
func (s *secrets) typed(ctx context.Context, question string) ([]byte, error) {
	shown, err := term.GetState(s.handle)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(s.ask, question); err != nil {
		return nil, err
	}
	type answer struct {
		text []byte
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(s.handle)
		read <- answer{text, err}
	}()
	select {
	case a := <-read:
		_, said := io.WriteString(s.ask, "\n")
		return a.text, errors.Join(a.err, said)
	case <-ctx.Done():
		return nil, errors.Join(errStopped, term.Restore(s.handle, shown))
	}
}
