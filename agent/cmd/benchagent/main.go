// Command benchagent runs the agent's checks on this machine round after round,
// as fast as they go, with the real readers, judges, queue and signature list,
// and prints one JSON line: CPU time a round and how the resident size develops.
// Beside it ./dev bench agent measures the real program between two rounds.
//
//	benchagent [-rounds 100000] [-root /]
//
// A round stands for the five minutes of the default interval; every twelfth
// queues what the hourly repetition does, and the appliance's acknowledgement is
// taken as given. It measures on Linux only. Sizes are KB, times microseconds of
// CPU, children included.
package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/osiriscare/osiris/agent/internal/probe"
	"github.com/osiriscare/osiris/agent/internal/queue"
	"github.com/osiriscare/osiris/agent/internal/say"
	"github.com/osiriscare/osiris/agent/internal/schedule"
	"github.com/osiriscare/osiris/agent/internal/signature"
	"github.com/osiriscare/osiris/shared/catalog/rmm"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/signed"
)

func main() {
	rounds := flag.Int("rounds", 100_000, "how many rounds of all checks")
	root := flag.String("root", "/", "root folder of what is checked")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *rounds, *root)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchagent:", err)
		os.Exit(1)
	}
}

// settings are the default policy's.
type settings struct{}

func (settings) Interval() (time.Duration, int)       { return 5 * time.Minute, 10 }
func (settings) Enabled(check.ID) bool                { return true }
func (settings) Parameters(check.ID) check.Parameters { return nil }

// result is the JSON line.
type result struct {
	Bench    string   `json:"bench"`
	Rounds   int      `json:"rounds"`
	Checks   int      `json:"checks"`
	CPU      float64  `json:"cpu_us_per_round"`
	Wall     float64  `json:"wall_us_per_round"`
	Resident []int64  `json:"resident_kb"` // after each tenth of the rounds
	Growth   int64    `json:"growth_kb"`   // from the first tenth to the last
	Flat     bool     `json:"flat"`
	Verdicts []string `json:"verdicts"`
}

// flat is how much a process may grow from the first tenth to the last: a leak
// of one small object a round is more.
const flat = 1024

func run(ctx context.Context, rounds int, root string) (err error) {
	folder, err := os.MkdirTemp("", "benchagent")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p := probe.New(root)
	if p.Signatures, err = products(folder); err != nil {
		return err
	}
	q, err := queue.Open(filepath.Join(folder, "queue.db"), queue.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	s, err := schedule.New(probe.Checks(), p, settings{}, q, say.Discard())
	if err != nil {
		return err
	}
	out := result{Bench: "agent rounds", Rounds: rounds, Checks: len(probe.Checks())}
	started, before := time.Now(), s.Meter()
	for n := 1; n <= rounds && ctx.Err() == nil; n++ {
		s.Round(ctx)
		if n%12 == 0 {
			if err := errors.Join(s.Report("digest"), q.Ack(q.Next()-1)); err != nil {
				return err
			}
		}
		if n%max(rounds/10, 1) == 0 {
			kb, err := resident()
			if err != nil {
				return err
			}
			out.Resident = append(out.Resident, kb)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	out.CPU = float64((s.Meter().CPU - before.CPU).Microseconds()) / float64(rounds)
	out.Wall = float64(time.Since(started).Microseconds()) / float64(rounds)
	out.Growth = out.Resident[len(out.Resident)-1] - out.Resident[0]
	out.Flat = out.Growth <= flat
	for _, id := range probe.Checks() {
		v := check.Judge(id, p.Read(ctx, id), nil)
		out.Verdicts = append(out.Verdicts, string(id)+" "+v.Status.String())
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// products is the real signature list, signed with a key of the moment.
func products(folder string) (*signature.Signatures, error) {
	listed, err := rmm.Products()
	if err != nil {
		return nil, err
	}
	list, err := rmm.Compile(listed, 0, time.Now(), 24*time.Hour)
	if err != nil {
		return nil, err
	}
	key, err := signed.Generate()
	if err != nil {
		return nil, err
	}
	sealed, err := rmm.Seal(key, list)
	if err != nil {
		return nil, err
	}
	envelope, err := proto.Marshal(sealed)
	if err != nil {
		return nil, err
	}
	held := signature.New(folder, []ed25519.PublicKey{key.Public()}, func() int64 { return time.Now().UnixMilli() })
	_, err = held.Apply(envelope)
	return held, err
}
