package update_test

import (
	"errors"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/update"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
	"github.com/osiriscare/osiris/shared/release"
	"github.com/osiriscare/osiris/shared/release/releasetest"
)

func TestWithoutAFolderNothingIsOffered(t *testing.T) {
	r := newRig(t, update.Config{})
	if got := r.ask("ag_1", 1000, nil); got.GetPath() != "" || got.GetMetadata() != nil || got.GetWaitMs() == 0 {
		t.Errorf("Check = %v; want a time to wait", got)
	}
}

func TestAnOlderAgentIsOfferedTheProgramAndFetchesIt(t *testing.T) {
	r := newRig(t, update.Config{})
	r.publish(program)
	got := r.ask("ag_1", 1000, nil)
	if got.GetPath() != "agent/1" {
		t.Fatalf("Check = %v; want the program", got)
	}
	trusted, err := release.Open(r.vendor.Keys(), nil)
	if err == nil {
		err = trusted.Update(releasetest.Encode(t, got.GetMetadata()), time.Now().UnixMilli())
	}
	if err != nil {
		t.Errorf("an agent does not take the metadata: %v", err)
	}
	var content []byte
	for {
		piece, err := r.Fetch(t.Context(), &compliancev1.FetchTargetRequest{Path: "agent/1", Offset: uint64(len(content)), Limit: 4})
		if err != nil {
			t.Fatal(err)
		}
		if len(piece.GetContent()) == 0 {
			break
		}
		content = append(content, piece.GetContent()...)
	}
	if string(content) != program {
		t.Errorf("fetched %q", content)
	}
	if got := r.ask("ag_1", 2000, nil); got.GetPath() != "" {
		t.Error("an agent that has it is offered it again")
	}
}

func TestOnlyWhatIsOfferedIsServed(t *testing.T) {
	r := newRig(t, update.Config{})
	r.publish(program)
	for _, path := range []string{"", "agent/2", "../agent.bundle", "/etc/passwd", "agent"} {
		if _, err := r.Fetch(t.Context(), &compliancev1.FetchTargetRequest{Path: path, Limit: 10}); !errors.Is(err, update.ErrUnknown) {
			t.Errorf("Fetch(%q) = %v; want ErrUnknown", path, err)
		}
	}
	for _, q := range []*compliancev1.FetchTargetRequest{
		{Path: "agent/1", Offset: 1 << 63, Limit: 10}, {Path: "agent/1", Offset: uint64(len(program)), Limit: 10}, {Path: "agent/1"},
	} {
		if got, err := r.Fetch(t.Context(), q); err != nil || len(got.GetContent()) != 0 {
			t.Errorf("Fetch(%v) = %v, %v; want nothing", q, got, err)
		}
	}
}
