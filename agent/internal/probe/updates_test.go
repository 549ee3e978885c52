package probe

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// searches is a Windows Update that takes some time.
type searches struct {
	takes time.Duration
	err   error
	count int
}

func (s *searches) search(ctx context.Context) ([]string, error) {
	s.count++
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return []string{"KB=1"}, s.err
}

func TestASearchForUpdatesRunsBesideTheReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &searches{takes: 5 * time.Minute}
		u := &updateSearch{search: s.search}
		ctx, cancel := context.WithCancel(context.Background())
		start := time.Now()
		if _, err := u.answer(ctx); !errors.Is(err, errSearching) || time.Since(start) != searchWait {
			t.Errorf("the first answer is %v after %v", err, time.Since(start))
		}
		cancel() // the reader's end is not the search's
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		rows, err := u.answer(context.Background())
		if err != nil || len(rows) != 2 || rows[0] != "Searched=2000-01-01" || rows[1] != "KB=1" {
			t.Errorf("answer = %q, %v", rows, err)
		}
		for range 100 {
			time.Sleep(3 * time.Minute)
			if again, err := u.answer(context.Background()); err != nil || len(again) != 2 {
				t.Errorf("answer = %q, %v", again, err)
			}
		}
		if synctest.Wait(); s.count != 1 {
			t.Errorf("%d searches in five hours; want 1", s.count)
		}
		time.Sleep(2 * time.Hour)
		start = time.Now()
		if rows, err := u.answer(context.Background()); err != nil || len(rows) != 2 || time.Since(start) != 0 {
			t.Errorf("while another search runs: %q, %v after %v", rows, err, time.Since(start))
		}
		if synctest.Wait(); s.count != 2 {
			t.Errorf("%d searches in seven hours; want 2", s.count)
		}
		time.Sleep(searchLimit)
	})
}

func TestAQuickSearchAnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &updateSearch{search: (&searches{takes: time.Second}).search}
		if rows, err := u.answer(context.Background()); err != nil || len(rows) != 2 {
			t.Errorf("answer = %q, %v", rows, err)
		}
	})
}

func TestASearchThatNeverEndsIsGivenUpAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &searches{takes: 1000 * time.Hour}
		u := &updateSearch{search: s.search}
		for range 3 {
			if _, err := u.answer(context.Background()); !errors.Is(err, errSearching) {
				t.Errorf("answer = %v", err)
			}
			if synctest.Wait(); s.count != 1 {
				t.Errorf("%d searches run at once", s.count)
			}
		}
		time.Sleep(searchLimit)
		synctest.Wait()
		if _, err := u.answer(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after its limit: %v", err)
		}
		time.Sleep(searchRetry + time.Second)
		synctest.Wait()
		s.takes = 0
		if rows, err := u.answer(context.Background()); err != nil || len(rows) != 2 {
			t.Errorf("the next search: %q, %v", rows, err)
		}
	})
}

func TestAnAnswerGetsStaleWhenSearchesFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &searches{}
		u := &updateSearch{search: s.search}
		if _, err := u.answer(context.Background()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.err = errors.New("no server")
		for start := time.Now(); time.Since(start) < searchStale-time.Hour; {
			if rows, err := u.answer(context.Background()); err != nil || len(rows) != 2 {
				t.Fatalf("answer = %q, %v", rows, err)
			}
			time.Sleep(30 * time.Minute)
		}
		time.Sleep(2 * time.Hour)
		if _, err := u.answer(context.Background()); err == nil {
			t.Error("a stale answer is given")
		}
		synctest.Wait()
		if rows, err := u.answer(context.Background()); !errors.Is(err, s.err) {
			t.Errorf("after three days: %q, %v; want no server", rows, err)
		}
		synctest.Wait()
	})
}
