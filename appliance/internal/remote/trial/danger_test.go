//go:build integration

package trial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/osiriscare/osiris/e2e/lab/linux"
	"github.com/osiriscare/osiris/shared/check"
	"github.com/osiriscare/osiris/shared/drift"
)

// What mending would harm is left alone, and the reason is told. Each host is
// broken as its runbook mends it, but for one thing.
func TestNoRunbookCutsOrBreaksWhatItMends(t *testing.T) {
	for name, c := range map[string]struct {
		runbook, prepare string
		as               string
		says             string // in what its phases say
		still            string // a script that ends well while nothing is lost
	}{
		"passwords, by whoever signs in with one": {
			"linux.ssh_password.forbid", "", linux.Clerk, "would be cut", "sshd -T | grep -qx 'passwordauthentication yes'",
		},
		"a server that reads no drop-ins": {
			"linux.ssh_root.forbid", "sed -i -e '/^Include/d' -e '1i PermitRootLogin yes' /etc/ssh/sshd_config; systemctl reload ssh", linux.Keeper, "before it includes drop-ins",
			"test -z \"$(ls /etc/ssh/sshd_config.d)\"; systemctl is-active -q ssh",
		},
		"a file of ours that is somebody's link": {
			"linux.ssh_session.limit", "echo >/root/mine.conf; ln -s /root/mine.conf /etc/ssh/sshd_config.d/00-osiris-session.conf", linux.Keeper, "no ordinary file",
			"test -L /etc/ssh/sshd_config.d/00-osiris-session.conf; test \"$(cat /root/mine.conf)\" = ''; systemctl is-active -q ssh",
		},
		"a firewall where something else listens": {
			"linux.firewall.enable", "systemd-run -q --unit clinic-web python3 -m http.server 8088; for _ in 1 2 3 4 5 6 7 8 9 10; do ss -Htln 'sport = 8088' | grep -q . && break; sleep 0.2; done", linux.Keeper,
			"8088/tcp", "ufw status | grep -q inactive; test ! -e /run/osiris-firewall.armed",
		},
		"a firewall beside one of containers": {
			"linux.firewall.enable", "nft add table ip nat; nft add chain ip nat DOCKER", linux.Keeper, "containers or virtual machines", "ufw status | grep -q inactive; nft list chain ip nat DOCKER >/dev/null",
		},
		"an account without a password that this road uses": {
			"linux.accounts.lock", "passwd -q -d keeper", linux.Keeper, "the account of this road", "grep -q '^keeper::' /etc/shadow",
		},
		"a sysctl that a later file sets": {
			"linux.sysctl.harden", "echo 'net.ipv4.conf.all.accept_redirects = 1' >/etc/sysctl.d/99-zzz.conf; sysctl -q -p /etc/sysctl.d/99-zzz.conf", linux.Keeper, "", "test ! -e /etc/sysctl.d/99-zz-osiris.conf",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			book, err := catalogue(t).Get(c.runbook)
			if err != nil {
				t.Fatal(err)
			}
			s.run(c.prepare)
			r := s.execute(book, c.as)
			if r.Outcome != drift.RolledBack && r.Outcome != drift.Failed && r.Outcome != drift.Refused || r.Before == nil || r.Before.Status != check.Fail {
				t.Errorf("%s: %s\n%s", r.Outcome, r.Message, phases(r))
			}
			if !strings.Contains(phases(r), c.says) {
				t.Errorf("it says %q; want %q", phases(r), c.says)
			}
			s.run(c.still)
		})
	}
}

// The road breaks while the firewall is being tried: what would lock everybody out
// must not stay. The host's own sleep makes the 90 seconds shorter.
func TestAFirewallThatNobodySawLettingUsInIsSwitchedOff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.run(`cat >/usr/local/sbin/sleep <<'TXT'
#!/bin/sh
case $1 in 90) set -- 5 ;; esac
exec /bin/sleep "$@"
TXT
cat >/usr/local/sbin/ssh-keyscan <<'TXT'
#!/bin/sh
if [ -e /run/lab-second ]; then exec /bin/sleep 4242; fi
: >/run/lab-second
exec /usr/bin/ssh-keyscan "$@"
TXT
chmod 755 /usr/local/sbin/*`)
	book, err := catalogue(t).Get("linux.firewall.enable")
	if err != nil {
		t.Fatal(err)
	}
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		for range 100 {
			if out, err := s.debian.Run(t.Context(), "pgrep -fx '/bin/sleep 4242' && ufw status | grep -q 'Status: active' && pkill -KILL -fx 'sh -s' && pkill -KILL -fx '/bin/sleep 4242'"); err == nil && out != "" {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	r := s.execute(book, linux.Keeper)
	<-cut
	t.Logf("%s\n%s", r.Outcome, phases(r))
	s.settled("the firewall", "ufw status | head -n 1", "Status: inactive")
	if r.Outcome == drift.Healed {
		t.Errorf("the outcome is %s, and the firewall is off", r.Outcome)
	}
}
