// Command winlab runs a practice's Windows hosts on loopback: WinRM that logs
// on, seals and answers the appliance's documents, with faults to find. It
// prints one JSON object, the inventory (package practice), when all hosts
// listen, and runs until it is interrupted. With -control it does orders
// (practice.Order), a line of JSON each on standard input, answers each with a
// line, and ends with the input too. Exit code 1 is a failure, 2 a wrong flag.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/osiriscare/osiris/shared/runbook"
	"github.com/osiriscare/osiris/tools/winlab/practice"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with its surroundings.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("winlab", flag.ContinueOnError)
	flags.SetOutput(stderr)
	hosts := flags.Int("hosts", practice.DefaultHosts, "how many hosts")
	hung := flags.Int("hung", 0, "how many of them accept and never answer")
	lifelike := flags.Bool("lifelike", false, "one workstation is slow, one hangs, one restarts now and then")
	delay := flags.Duration("delay", 0, "what passes before every answer, such as 300ms")
	address := flags.String("address", "127.0.0.1", "where they listen, each on a port of its own")
	plain := flags.Bool("plain", false, "listen without TLS too; messages are sealed there")
	healthy := flags.Bool("healthy", false, "without faults")
	keytabFile := flags.String("keytab", "", "keys of HTTP/<host> for Kerberos")
	orders := flags.Bool("control", false, "do the orders of standard input")
	password := flags.String("password-file", "", "the account's password; a random one without it")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if !*orders {
		stdin = nil
	}
	err := serve(ctx, stdin, stdout, practice.Config{
		Hosts: *hosts, Hung: *hung, Lifelike: *lifelike, Delay: *delay, Address: *address, PlainPort: *plain, Healthy: *healthy,
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	}, *keytabFile, *password)
	if err != nil {
		fmt.Fprintln(stderr, "winlab:", err)
		return 1
	}
	return 0
}

// serve runs the practice until ctx ends, or until stdin does if there is one.
func serve(ctx context.Context, stdin io.Reader, stdout io.Writer, cfg practice.Config, keytabFile, passwordFile string) error {
	var err error
	if cfg.Catalogue, err = runbook.Load(); err != nil {
		return err
	}
	if keytabFile != "" {
		if cfg.Keytab, err = keytab.Load(keytabFile); err != nil {
			return fmt.Errorf("reading the keytab %s: %w", keytabFile, err)
		}
	}
	if passwordFile != "" {
		b, err := os.ReadFile(passwordFile)
		if err != nil {
			return fmt.Errorf("reading the password: %w", err)
		}
		cfg.Password = strings.TrimRight(string(b), "\r\n")
	}
	began := time.Now()
	p, err := practice.New(cfg)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := json.NewEncoder(stdout).Encode(p.Inventory()); err != nil {
		return fmt.Errorf("printing the inventory: %w", err)
	}
	cfg.Log.InfoContext(ctx, "hosts listen", "hosts", len(p.Hosts()), "took", time.Since(began).Round(time.Millisecond).String())
	if stdin == nil {
		<-ctx.Done()
		return nil
	}
	done := make(chan error, 1)
	// It ends with the input, or with the process.
	go func() { done <- control(ctx, p, stdin, stdout) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return nil
	}
}
