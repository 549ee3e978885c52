package update

import (
	"context"
	"errors"
	"strconv"
)

// start runs a program that outlives this one. Its input and output are nowhere.
func start(program string, args []string) error {
	p, err := spawn(program, args)
	if err == nil {
		go func() { _, _ = p.wait() }() // nobody asks how it ended; it must not stay a zombie
	}
	return err
}

// try runs a program to its end, which must be a good one.
func try(ctx context.Context, program string, args []string) error {
	p, err := spawn(program, args)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = kill(p.id()) }) // or it has ended
	defer stop()
	code, err := p.wait()
	if err == nil && code != 0 {
		err = errors.New("it ended with exit status " + strconv.Itoa(code))
	}
	return err
}
