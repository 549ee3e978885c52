package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/osiriscare/osiris/shared/signed"

	"github.com/osiriscare/osiris/central/internal/archive"
	"github.com/osiriscare/osiris/central/internal/auth"
	"github.com/osiriscare/osiris/central/internal/config"
	"github.com/osiriscare/osiris/central/internal/intake"
	"github.com/osiriscare/osiris/central/internal/keyring"
	"github.com/osiriscare/osiris/central/internal/store"
)

// initialise makes what is missing in the data folder; what is there stays.
func initialise(ctx context.Context, o *options) error {
	cfg, err := o.load()
	if err != nil {
		return err
	}
	if err := keyring.Init(cfg.DataDir); err != nil {
		return err
	}
	if !o.noRoot {
		if err := delegateHere(cfg, o); err != nil {
			return err
		}
	}
	if err := operatorToken(ctx, cfg, o); err != nil {
		return err
	}
	if o.noRoot {
		return o.say("next: carry " + filepath.Join(cfg.DataDir, "online.pub") + " to the Central root, run " +
			"`osiris-central root delegate` there, and bring the file back as " + filepath.Join(cfg.DataDir, "delegation.bin"))
	}
	keys, err := keyring.Load(cfg.DataDir)
	if err != nil {
		return err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys.TLS.Certificate.Raw})
	if err := os.WriteFile(filepath.Join(cfg.DataDir, "ca", "tls.pem"), certificate, 0o644); err != nil {
		return fmt.Errorf("writing authority for operators: %w", err)
	}
	return o.say("Central root fingerprint: " + keys.Root.String())
}

// delegateHere makes the root, in the data folder unless told otherwise, and
// lets it trust the online key.
func delegateHere(cfg config.Config, o *options) error {
	path := filepath.Join(cfg.DataDir, "delegation.bin")
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := o.rootDir
	if dir == "" {
		dir = cfg.DataDir
		if err := o.say("the Central root is made in the data folder; in production keep it offline: see `root init`"); err != nil {
			return err
		}
	}
	if _, err := keyring.InitRoot(dir); err != nil {
		return err
	}
	return delegate(dir, filepath.Join(cfg.DataDir, "online.pub"), path, keyring.DelegationLifetime)
}

func delegate(rootDir, onlineKey, out string, valid time.Duration) error {
	online, err := keyring.ReadPublic(onlineKey)
	if err != nil {
		return err
	}
	raw, err := keyring.Delegate(rootDir, online, time.Now(), valid)
	if err != nil {
		return err
	}
	if err := signed.WriteSecret(out, raw); err != nil {
		return fmt.Errorf("writing delegation: %w", err)
	}
	return nil
}

func operatorToken(ctx context.Context, cfg config.Config, o *options) (err error) {
	if _, err := os.Stat(cfg.TokenFile()); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s, err := store.Open(ctx, cfg.Database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	token, err := auth.New(s).NewToken(ctx, "operator")
	if err != nil {
		return err
	}
	if err := signed.WriteSecret(cfg.TokenFile(), []byte(token+"\n")); err != nil {
		return fmt.Errorf("writing operator token: %w", err)
	}
	return o.say("operator token: " + cfg.TokenFile())
}

func rootInit(_ context.Context, o *options) error {
	if o.dir == "" {
		return fmt.Errorf("root init needs --dir: %w", errUsage)
	}
	id, err := keyring.InitRoot(o.dir)
	if err != nil {
		return err
	}
	return o.say("Central root fingerprint: " + id.String())
}

func rootDelegate(_ context.Context, o *options) error {
	if o.dir == "" || o.onlineKey == "" || o.out == "" {
		return fmt.Errorf("root delegate needs --dir, --online-key and --out: %w", errUsage)
	}
	valid := o.valid
	if valid <= 0 {
		valid = keyring.DelegationLifetime
	}
	if err := delegate(o.dir, o.onlineKey, o.out, valid); err != nil {
		return err
	}
	return o.say("wrote " + o.out)
}

// withStore opens the database beside a running Central; SQLite lets both
// write.
func withStore(ctx context.Context, o *options, do func(config.Config, *store.Store) error) error {
	cfg, err := o.load()
	if err != nil {
		return err
	}
	if _, err := os.Stat(cfg.Database()); err != nil {
		return fmt.Errorf("opening database: %w; run `osiris-central init` first", err)
	}
	s, err := store.Open(ctx, cfg.Database())
	if err != nil {
		return err
	}
	return errors.Join(do(cfg, s), s.Close())
}

// loginLink prints nothing but the address, for scripts.
func loginLink(ctx context.Context, o *options) error {
	return withStore(ctx, o, func(cfg config.Config, s *store.Store) error {
		code, err := auth.New(s).NewLoginCode(ctx)
		if err != nil {
			return err
		}
		return o.say("http://" + webAddr(cfg) + "/login?code=" + code)
	})
}

// webAddr is where the dashboard listens now, or would.
func webAddr(cfg config.Config) string {
	if raw, err := os.ReadFile(filepath.Join(cfg.DataDir, "web.addr")); err == nil && len(raw) > 1 {
		return string(raw[:len(raw)-1])
	}
	return cfg.WebListen
}

func rebuild(ctx context.Context, o *options) error {
	return withStore(ctx, o, func(cfg config.Config, s *store.Store) error {
		a, err := archive.New(archive.Config{Dir: cfg.Archive()})
		if err != nil {
			return err
		}
		n, err := intake.Rebuild(ctx, s, a)
		if err != nil {
			return err
		}
		return o.say(fmt.Sprintf("rebuilt from %d bundles", n))
	})
}
