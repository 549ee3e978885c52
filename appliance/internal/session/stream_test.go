package session

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote"
	compliancev1 "github.com/osiriscare/osiris/proto/compliance/v1"
)

// reader is the far side of a stream: it takes a message when it is let.
type reader struct {
	let  chan struct{}
	mu   sync.Mutex
	got  []*compliancev1.ApplianceMessage
	busy int
}

func (r *reader) Send(m *compliancev1.ApplianceMessage) error {
	r.mu.Lock()
	r.busy++
	two := r.busy > 1
	r.mu.Unlock()
	if two {
		return errors.New("two senders at once")
	}
	_, open := <-r.let
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
	if !open {
		return errors.New("connection closed")
	}
	r.got = append(r.got, m)
	return nil
}

func drainMessage() *compliancev1.ApplianceMessage {
	return &compliancev1.ApplianceMessage{Body: &compliancev1.ApplianceMessage_Drain{Drain: &compliancev1.Drain{}}}
}

func TestAnAgentThatDoesNotReadIsStuckAfterAWhileAndHoldsABoundedAmount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{let: make(chan struct{})}
		s := newStream(nil, r)
		taken := 0
		for s.post(drainMessage()) == nil {
			if taken++; taken > 2*maxBoxMessages {
				t.Fatal("the mailbox has no bound")
			}
			synctest.Wait()
		}
		time.Sleep(sendTime)
		if s.stuck(time.Now()) {
			t.Error("stuck already at sendTime")
		}
		time.Sleep(time.Second)
		if !s.stuck(time.Now()) {
			t.Error("an agent that has not read for longer than sendTime is not stuck")
		}
		close(r.let) // the watch closes the connection
		s.settle()
		if err := s.post(drainMessage()); !errors.Is(err, remote.ErrAway) {
			t.Errorf("post after the end = %v; want ErrAway", err)
		}
	})
}

func TestAcksAreCumulativeWhileOneIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{let: make(chan struct{})}
		s := newStream(nil, r)
		if err := s.post(drainMessage()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the sender is busy with it
		for through := range uint64(100) {
			s.acknowledge(nil, through) // does not wait for the agent
		}
		r.let <- struct{}{}
		r.let <- struct{}{}
		s.settle()
		if len(r.got) != 2 || r.got[1].GetAck().GetThrough() != 99 {
			t.Errorf("sent %v; want the message and the newest ack only", r.got)
		}
		if s.stuck(time.Now().Add(time.Hour)) {
			t.Error("an idle stream is stuck")
		}
	})
}
