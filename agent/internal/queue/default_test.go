package queue_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/agent/internal/queue"
)

// held is what a queue holds: how many records beside a gap, and the gap.
func held(t *testing.T, q *queue.Queue) (records int, gap queue.Gap) {
	t.Helper()
	rows, err := q.Read(0, 20_000, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Kind != queue.KindGap {
			records++
			continue
		}
		if gap.Count != 0 {
			t.Error("there is more than one gap")
		}
		if gap, err = queue.DecodeGap(r.Body); err != nil {
			t.Fatal(err)
		}
	}
	return records, gap
}

func TestAnAgentThatIsOfflineKeepsTenThousandEventsAndTellsOfTheRest(t *testing.T) {
	q, err := queue.Open(filepath.Join(t.TempDir(), "queue.db"), queue.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close() //nolint:errcheck // the file goes with the test
	for n := 0; n < 10_500; n += 500 {
		items := make([]queue.Item, 500)
		for i := range items {
			items[i] = queue.Item{Kind: 1, Body: []byte("event")}
		}
		if _, err := q.AppendAll(items); err != nil {
			t.Fatal(err)
		}
	}
	records, gap := held(t, q)
	if records != 9_999 || gap.From != 1 || gap.To != 501 || gap.Count != 501 || gap.Reason != queue.ReasonOverflow {
		t.Errorf("10,500 events became %d and the gap %+v; want 9,999, which with the gap's row are 10,000, and 501 told as overflow", records, gap)
	}
}

func TestAnAgentThatIsOfflineKeepsSevenDaysAndTellsOfTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, err := queue.Open(filepath.Join(t.TempDir(), "queue.db"), queue.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close() //nolint:errcheck // the file goes with the test
		const hours = 8 * 24
		for range hours {
			if _, err := q.Append(1, []byte("event")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		if err := q.Trim(); err != nil {
			t.Fatal(err)
		}
		records, gap := held(t, q)
		if records != 7*24 || gap.Count != 24 || gap.From != 1 || gap.Reason != queue.ReasonExpired {
			t.Errorf("eight days became %d events and the gap %+v; want seven days and the first as expired", records, gap)
		}
	})
}
