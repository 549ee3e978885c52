package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	"github.com/osiriscare/osiris/proto/central/v1/centralv1connect"
	"github.com/osiriscare/osiris/proto/trust/v1/trustlite"
	"github.com/osiriscare/osiris/shared/credential"
	"github.com/osiriscare/osiris/shared/signed"
	"github.com/osiriscare/osiris/shared/trust"
)

// sealingKey is what secrets for one appliance are sealed to.
type sealingKey struct {
	appliance, hostname string
	key                 []byte
}

// sealingKeys asks for the keys of a site's appliances, or of one, and believes
// those that the site's trust chain vouches for and that are the same as last
// time. Call remember once something was sealed to them.
func (s *shell) sealingKeys(ctx context.Context, c centralv1connect.FleetServiceClient, o *options) (keys []sealingKey, remember func() error, err error) {
	r, err := c.ListSealingKeys(ctx, connect.NewRequest(&centralv1.ListSealingKeysRequest{SiteId: o.site}))
	if err != nil {
		return nil, nil, fmt.Errorf("reading sealing keys of site %s: %w", o.site, err)
	}
	opened, err := openTrust(r.Msg, o)
	if err != nil {
		return nil, nil, fmt.Errorf("checking sealing keys of site %s: %w", o.site, err)
	}
	for _, a := range r.Msg.GetAppliances() {
		if o.cred.appliance != "" && o.cred.appliance != a.GetApplianceId() {
			continue
		}
		key, err := verifySealing(a, opened, o.site)
		if err != nil {
			return nil, nil, fmt.Errorf("checking sealing key of appliance %s: %w", a.GetApplianceId(), err)
		}
		keys = append(keys, sealingKey{a.GetApplianceId(), a.GetHostname(), key})
	}
	if len(keys) == 0 {
		return nil, nil, fmt.Errorf("site %s has no such appliance to seal to; `osirisctl sites` shows them", o.site)
	}
	remember, err = s.pinned(o, opened.Root, keys)
	return keys, remember, err
}

func openTrust(m *centralv1.ListSealingKeysResponse, o *options) (*trust.Opened, error) {
	body, err := proto.Marshal(m.GetTrust())
	if err != nil {
		return nil, err
	}
	chain := &trustlite.TrustChain{}
	if err := chain.UnmarshalVT(body); err != nil {
		return nil, fmt.Errorf("reading trust chain: %w", err)
	}
	opened, err := trust.OpenUnpinned(chain)
	if err != nil {
		return nil, err
	}
	if o.trust != "" && !strings.EqualFold(o.trust, opened.Root.String()) {
		return nil, fmt.Errorf("%w: it names %s", trust.ErrUnpinned, opened.Root)
	}
	if opened.Doc.SiteId != o.site {
		return nil, trust.ErrSite
	}
	return opened, opened.Valid(time.Now().UnixMilli())
}

// verifySealing follows the chain: root, online key, trust document, command key,
// sealing key.
func verifySealing(a *centralv1.ApplianceSealing, opened *trust.Opened, site string) ([]byte, error) {
	if a.GetKey() == nil {
		return nil, errors.New("it has registered none yet; it does at a check-in")
	}
	for _, known := range opened.Doc.Appliances {
		if known.ApplianceId == a.GetApplianceId() && !known.Retired {
			return credential.OpenKey(a.GetKey(), known.CommandKey, site, a.GetApplianceId())
		}
	}
	return nil, errors.New("the site's trust document does not name the appliance")
}

// pinFile is what is remembered of keys that were sealed to, by appliance.
const pinFile = "sealing-keys.json"

// pinnedKey is one line of it.
type pinnedKey struct {
	Site        string `json:"site"`
	Root        string `json:"central_root"`
	Fingerprint string `json:"fingerprint"`
}

// pinned compares keys with what was seen before. A key that is new is shown, and
// kept by remember; one that has changed is refused until a person names its
// fingerprint: whoever holds Central could otherwise have secrets sealed to a key
// of theirs.
func (s *shell) pinned(o *options, root signed.KeyID, keys []sealingKey) (remember func() error, err error) {
	path, err := s.configFile(pinFile)
	if err != nil {
		return nil, err
	}
	known, err := readPins(path)
	if err != nil {
		return nil, err
	}
	if err := accepts(o.cred.accept, keys); err != nil {
		return nil, err
	}
	changed := false
	for _, k := range keys {
		next := pinnedKey{Site: o.site, Root: root.String(), Fingerprint: credential.Fingerprint(k.key)}
		before, seen := known[k.appliance]
		accepted := strings.EqualFold(o.cred.accept, next.Fingerprint)
		switch {
		case seen && before == next:
			continue
		case seen && !accepted:
			return nil, fmt.Errorf("the sealing key of appliance %s is %s under root %s, and was %s under root %s: ask why it changed, compare it with "+
				"`osiris-appliance sealing-key` on the appliance, and give --accept %s if it is right", k.appliance, next.Fingerprint, next.Root,
				before.Fingerprint, before.Root, next.Fingerprint)
		case !seen && o.cred.accept != "" && !accepted:
			return nil, fmt.Errorf("the sealing key of appliance %s is %s, not the one that --accept names", k.appliance, next.Fingerprint)
		case !seen:
			if _, err := fmt.Fprintf(s.stderr, "osirisctl: first use of the sealing key of appliance %s (%s)\n  %s\n"+
				"  compare it with `osiris-appliance sealing-key` on the appliance\n", k.appliance, plain(k.hostname), next.Fingerprint); err != nil {
				return nil, err
			}
		}
		known[k.appliance], changed = next, true
	}
	return func() error {
		if !changed {
			return nil
		}
		raw, err := json.MarshalIndent(known, "", "  ")
		if err == nil {
			err = signed.WriteSecret(path, append(raw, '\n'))
		}
		if err != nil {
			return fmt.Errorf("remembering sealing keys: %w", err)
		}
		return nil
	}, nil
}

// accepts refuses a fingerprint that is no key's, also where all keys are known:
// who names one wants it compared.
func accepts(fingerprint string, keys []sealingKey) error {
	if fingerprint == "" {
		return nil
	}
	var all []string
	for _, k := range keys {
		own := credential.Fingerprint(k.key)
		if strings.EqualFold(fingerprint, own) {
			return nil
		}
		all = append(all, own+" of appliance "+k.appliance)
	}
	return fmt.Errorf("--accept names none of the sealing keys: there is %s", strings.Join(all, ", "))
}

// readPins reads what is remembered; at first that is nothing.
func readPins(path string) (map[string]pinnedKey, error) {
	known := map[string]pinnedKey{}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return known, nil
}

// configFile is a file of the person's own folder, which is made.
func (s *shell) configFile(name string) (string, error) {
	dir := s.getenv("OSIRIS_CONFIG_DIR")
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return "", fmt.Errorf("finding your configuration folder; OSIRIS_CONFIG_DIR can name one: %w", err)
		}
		dir = filepath.Join(base, "osiris")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making your configuration folder: %w", err)
	}
	return filepath.Join(dir, name), nil
}
