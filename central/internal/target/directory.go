package target

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"

	"github.com/osiriscare/osiris/central/internal/store"
)

// maxState bounds an appliance's word for its report.
const maxState = 64

// Hear keeps what an appliance read in its domains. The report is large and
// changes hourly, so that each check-in says only which it is, and a new one is
// asked for.
func (s *Service) Hear(ctx context.Context, site store.SiteID, id store.ApplianceID, m *centralv1.CheckInRequest, answer *centralv1.CheckInResponse) error {
	state := m.GetDirectoryState()
	held, err := s.store.DirectoryState(ctx, site, id)
	if err != nil {
		return fmt.Errorf("reading the directory of %s: %w", id, err)
	}
	switch {
	case bytes.Equal(held, state) || len(state) > maxState:
		return nil
	case len(state) == 0:
		err = s.store.RemoveDirectory(ctx, site, id)
	case m.GetDirectory() == nil:
		answer.DirectoryWanted = true
	default:
		err = s.keep(ctx, site, id, state, m.GetDirectory())
	}
	if err != nil {
		return fmt.Errorf("keeping the directory of %s: %w", id, err)
	}
	return nil
}

func (s *Service) keep(ctx context.Context, site store.SiteID, id store.ApplianceID, state []byte, report *centralv1.DirectoryReport) error {
	kept := &centralv1.DirectoryReport{Domains: report.GetDomains()}
	for _, c := range report.GetComputers() {
		if guid.MatchString(c.GetObjectGuid()) {
			kept.Computers = append(kept.Computers, c)
		}
	}
	body, err := proto.Marshal(kept)
	if err != nil {
		return fmt.Errorf("writing it: %w", err)
	}
	return s.store.PutDirectory(ctx, store.Directory{SiteID: site, ApplianceID: id, State: state, Body: body, TakenMs: time.Now().UnixMilli()})
}
