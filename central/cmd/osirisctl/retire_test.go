package main

import (
	"strings"
	"testing"

	ct "github.com/osiriscare/osiris/central/internal/centraltest"
)

func TestAnApplianceIsRetiredByItsIDSiteAndReason(t *testing.T) {
	c, env := server(t)
	s := c.Site("Riverside", "Main Street")
	a := c.Appliance(s.ID)
	ct.Value(a.Submit(0))(t)
	id := a.Identity.GetApplianceId()
	for missing, args := range map[string][]string{
		"--site":   {id, "--reason", "replaced"},
		"--reason": {id, "--site", string(s.ID)},
		"usage":    {"--site", string(s.ID), "--reason", "replaced"},
	} {
		if code, _, err := ctl(t, env, append([]string{"appliance", "retire"}, args...)...); code != exitUsage || !strings.Contains(err, missing) {
			t.Errorf("retire without %s = %d: %s; want %d", missing, code, err, exitUsage)
		}
	}
	if code, _, err := ctl(t, env, "appliance", "retire", "ap_none", "--site", string(s.ID), "--reason", "replaced"); code != exitError || !strings.Contains(err, "not found") {
		t.Errorf("retiring an appliance that is none = %d: %s", code, err)
	}
	code, out, err := ctl(t, env, "appliance", "retire", id, "--site", string(s.ID), "--reason", "replaced")
	if code != 0 || !strings.Contains(out, "retired in trust document") {
		t.Errorf("retire = %d: %s%s", code, out, err)
	}
	a.Add(ct.Report("h_1", 1, "pass", ""))
	if _, err := a.Submit(1); err == nil {
		t.Error("a retired appliance is heard")
	}
}
