package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/posture"
	"github.com/osiriscare/osiris/appliance/internal/store"
)

func TestDevicesAreListedAndNamed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(path, []byte("data_dir: "+dir+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), statePath(c), posture.Schema)
	if err != nil {
		t.Fatal(err)
	}
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		for n, mac := range []string{"00:50:56:00:00:05", "02:50:56:00:00:06", ""} {
			address := fmt.Sprintf("10.0.0.%d", 5+n)
			_, err := tx.ExecContext(t.Context(), "INSERT INTO posture_device (key, mac, address, vendor, known, first_ms, last_ms) VALUES (?,?,?,'VMware, Inc.',0,0,86400000)", mac+address, mac, address)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	verb := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if err := command(t.Context(), append(append([]string{"network"}, args...), "--config", path), &out, &errs); err != nil {
			return err.Error()
		}
		return out.String()
	}
	lines := strings.Split(strings.TrimSpace(verb("list")), "\n")
	if len(lines) != 4 {
		t.Fatalf("network list gives %d lines; want 4:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for n, want := range []string{"MAC ADDRESS MAKER FIRST SEEN LAST SEEN STATE", "00:50:56:00:00:05 10.0.0.5 VMware, Inc. 1970-01-01 00:00:00 1970-01-02 00:00:00 NEW", "private MAC", "no MAC"} {
		if got := strings.Join(strings.Fields(lines[n]), " "); !strings.HasSuffix(got, want) {
			t.Errorf("line %d = %q; want %q at its end", n, got, want)
		}
	}
	if got := verb("know", "00:50:56:00:00:05"); !strings.HasPrefix(got, "known from now on: 1;") {
		t.Errorf("network know = %q", got)
	}
	if got := verb("list"); strings.Contains(got, "NEW") {
		t.Errorf("after network know the list has\n%s", got)
	}
	if got := verb("know", "printer"); !strings.Contains(got, `reading "printer"`) {
		t.Errorf("network know printer = %q; want an error", got)
	}
	if got := verb("forget"); !strings.HasPrefix(got, "use: ") {
		t.Errorf("network forget = %q; want how it is used", got)
	}
}

func TestTheNetworksSettingsReachTheScanner(t *testing.T) {
	c := config.Default()
	if got, err := networkConfig(c); err != nil || !got.Off() {
		t.Errorf("without ranges = %+v, %v; want it off", got, err)
	}
	c.Network.Ranges, c.Network.Exclude = []string{"10.0.0.0/24"}, []string{"10.0.0.5", "00-09-FB-00-00-05", "vendor: Philips "}
	got, err := networkConfig(c)
	if err != nil || got.Off() || got.Ranges[0] != netip.MustParsePrefix("10.0.0.0/24") || len(got.Ports) != len(c.Network.Ports) {
		t.Fatalf("networkConfig = %+v, %v", got, err)
	}
	if !got.Exclude.Address(netip.MustParseAddr("10.0.0.5")) || got.Exclude.Address(netip.MustParseAddr("10.0.0.6")) {
		t.Errorf("the excluded addresses are %v", got.Exclude.Networks)
	}
	for mac, vendor := range map[string]string{"00:09:fb:00:00:05": "", "00:50:56:00:00:01": "PHILIPS Medizin"} {
		if !got.Exclude.Device(mac, vendor) {
			t.Errorf("%s of %q is not excluded", mac, vendor)
		}
	}
	if got.Exclude.Device("", "Philips") || got.Exclude.Device("00:50:56:00:00:02", "VMware, Inc.") {
		t.Error("others are excluded")
	}
	c.Network.Exclude = []string{"xray"}
	if _, err := networkConfig(c); err == nil {
		t.Error("networkConfig with a bad exclusion = nil; want an error")
	}
}
