package score_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/central/internal/score"
	"github.com/osiriscare/osiris/central/internal/store"
)

func TestScore(t *testing.T) {
	for name, tt := range map[string]struct {
		counts []store.Count
		want   score.Score
	}{
		"nothing is no data, not a hundred": {nil, score.Score{Percent: -1}},
		"only not applicable is no data":    {[]store.Count{{Status: "not_applicable", N: 5}}, score.Score{NotApplicable: 5, Percent: -1}},
		"all pass is a hundred":             {[]store.Count{{Status: "pass", N: 3}}, score.Score{Pass: 3, Percent: 100}},
		"unknown is not a pass":             {[]store.Count{{Status: "pass", N: 1}, {Status: "unknown", N: 1}}, score.Score{Pass: 1, Unknown: 1, Percent: 50}},
		"only unknown is zero":              {[]store.Count{{Status: "unknown", N: 4}}, score.Score{Unknown: 4, Percent: 0}},
		"a stale pass is unknown":           {[]store.Count{{Status: "pass", Stale: true, N: 2}}, score.Score{Unknown: 2, Percent: 0}},
		"a stale failure is unknown":        {[]store.Count{{Status: "fail", Stale: true, N: 2}}, score.Score{Unknown: 2, Percent: 0}},
		"a word nobody knows is unknown":    {[]store.Count{{Status: "warn", N: 1}}, score.Score{Unknown: 1, Percent: 0}},
		"199 of 200 is not a hundred":       {[]store.Count{{Status: "pass", N: 199}, {Status: "fail", N: 1}}, score.Score{Pass: 199, Fail: 1, Percent: 99}},
		"many do not overflow":              {[]store.Count{{Status: "pass", N: 1 << 31}, {Status: "fail", N: 1 << 31}}, score.Score{Pass: 1 << 31, Fail: 1 << 31, Percent: 50}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, score.Of(tt.counts)); diff != "" {
				t.Errorf("Of differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestByHost(t *testing.T) {
	got := score.ByHost([]store.Count{{HostID: "a", Status: "pass", N: 1}, {HostID: "b", Status: "fail", N: 1}, {HostID: "a", Status: "fail", N: 1}})
	want := map[string]score.Score{"a": {Pass: 1, Fail: 1, Percent: 50}, "b": {Fail: 1, Percent: 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ByHost differs (-want +got):\n%s", diff)
	}
}
