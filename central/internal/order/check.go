package order

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/runbook"
)

// checkRunbook refuses what the appliance would, as far as Central's catalogue
// tells. The appliance judges again by its own.
func (s *Service) checkRunbook(r *centralv1.RunbookOrder, t *centralv1.Target) error {
	book, err := s.catalogue.Get(r.GetRunbookId())
	if err != nil {
		return fmt.Errorf("%w: %.100q; osirisctl runbook list has all", runbook.ErrUnknown, r.GetRunbookId())
	}
	platform, road := "windows", book.Roads.WinRM
	switch t.GetKind() {
	case centralv1.TargetKind_TARGET_KIND_LINUX:
		platform, road = "linux", book.Roads.SSH
	case centralv1.TargetKind_TARGET_KIND_DOMAIN:
		return fmt.Errorf("target %s is a domain, and not a host", t.GetName())
	default:
	}
	switch {
	case !bytes.Equal(book.Hash[:], r.GetRunbookHash()):
		return fmt.Errorf("runbook %s is another one in Central's catalogue (%x): osirisctl and Central must be of the same release", book.ID, book.Hash[:8])
	case book.Platform != platform:
		return fmt.Errorf("runbook %s is for %s, and target %s is not", book.ID, book.Platform, t.GetName())
	case road == nil:
		return fmt.Errorf("runbook %s has no scripts: it runs on hosts with an agent only", book.ID)
	case r.GetCheckId() != "" && !book.Heals(check.ID(r.GetCheckId())):
		return fmt.Errorf("runbook %s is not for the check %.64q, only for %s", book.ID, r.GetCheckId(), words(book.Checks))
	}
	params, err := parameters(r.GetParameters())
	if err != nil {
		return err
	}
	_, err = book.Validate(params)
	return err
}

func parameters(list []*trustv1.Parameter) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range list {
		if _, twice := out[p.GetName()]; twice {
			return nil, fmt.Errorf("parameter %.64q is given twice", p.GetName())
		}
		out[p.GetName()] = p.GetValue()
	}
	return out, nil
}

func words(ids []check.ID) string {
	out := make([]string, len(ids))
	for n, id := range ids {
		out[n] = string(id)
	}
	return strings.Join(out, ", ")
}

// fingerprintPrefix begins a fingerprint as OpenSSH prints it.
const fingerprintPrefix = "SHA256:"

func checkHostKey(h *centralv1.HostKeyOrder, t *centralv1.Target) error {
	switch {
	case t.GetKind() != centralv1.TargetKind_TARGET_KIND_LINUX:
		return fmt.Errorf("target %s is no SSH host", t.GetName())
	case len(t.GetPin()) != 0:
		return fmt.Errorf("target %s has a pin of its own, which alone decides: target add --replace --pin changes it", t.GetName())
	case h.GetAccept() == "":
		return nil
	}
	sum, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimPrefix(h.GetAccept(), fingerprintPrefix))
	if err != nil || len(sum) != sha256.Size || !strings.HasPrefix(h.GetAccept(), fingerprintPrefix) {
		return errors.New("a fingerprint is SHA256: and 43 characters, as ssh-keygen -lf prints it")
	}
	return nil
}
