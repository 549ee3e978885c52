// Command winlab runs a practice's Windows hosts on loopback: WinRM that logs
// on, seals and answers the appliance's documents, with faults to find. It
// prints one JSON object, the inventory (package practice), when all hosts
// listen, and runs until it is interrupted. Exit code 1 is a failure to start,
// 2 a wrong flag.
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
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with its surroundings.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("winlab", flag.ContinueOnError)
	flags.SetOutput(stderr)
	hosts := flags.Int("hosts", practice.DefaultHosts, "how many hosts")
	hung := flags.Int("hung", 0, "how many of them accept and never answer")
	delay := flags.Duration("delay", 0, "what passes before every answer, such as 300ms")
	address := flags.String("address", "127.0.0.1", "where they listen, each on a port of its own")
	plain := flags.Bool("plain", false, "listen without TLS too; messages are sealed there")
	healthy := flags.Bool("healthy", false, "without faults")
	keytabFile := flags.String("keytab", "", "keys of HTTP/<host> for Kerberos")
	password := flags.String("password-file", "", "the account's password; a random one without it")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	err := serve(ctx, stdout, practice.Config{
		Hosts: *hosts, Hung: *hung, Delay: *delay, Address: *address, PlainPort: *plain, Healthy: *healthy,
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	}, *keytabFile, *password)
	if err != nil {
		fmt.Fprintln(stderr, "winlab:", err)
		return 1
	}
	return 0
}

// serve runs the practice until ctx ends.
func serve(ctx context.Context, stdout io.Writer, cfg practice.Config, keytabFile, passwordFile string) error {
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
	<-ctx.Done()
	return nil
}
