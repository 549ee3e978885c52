package update

import (
	"context"
	"errors"
	"os"
	"strconv"
)

// start runs a program that outlives this one. Its input and output are nowhere.
func start(program string, args []string) error {
	p, err := spawn(program, args)
	if err != nil {
		return err
	}
	go func() { _, _ = p.Wait() }() // nobody asks how it ended; it must not stay a zombie
	return nil
}

// try runs a program to its end, which must be a good one.
func try(ctx context.Context, program string, args []string) error {
	p, err := spawn(program, args)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.Kill() }) // or it has ended
	defer stop()
	state, err := p.Wait()
	if err == nil && !state.Success() {
		err = errors.New("it ended with exit status " + strconv.Itoa(state.ExitCode()))
	}
	return err
}

func spawn(program string, args []string) (*os.Process, error) {
	return os.StartProcess(program, append([]string{program}, args...), &os.ProcAttr{
		Env: os.Environ(), Files: []*os.File{nil, nil, nil}, Sys: detached(),
	})
}
