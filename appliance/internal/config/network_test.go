package config_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osiriscare/osiris/appliance/internal/config"
)

func TestNetworksThatCannotBeMeantAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(n *config.Network)
		says   string
	}{
		"no network":              {func(n *config.Network) { n.Ranges = []string{"lan"} }, "no network such as"},
		"an address":              {func(n *config.Network) { n.Ranges = []string{"192.168.1.7/24"} }, "the network is 192.168.1.0/24"},
		"one wider than /20":      {func(n *config.Network) { n.Ranges = []string{"10.0.0.0/19"} }, "wider than /20"},
		"one wider than /16":      {func(n *config.Network) { n.Ranges, n.Force = []string{"10.0.0.0/15"}, true }, "wider than /16"},
		"everything":              {func(n *config.Network) { n.Ranges, n.Force = []string{"0.0.0.0/0"}, true }, "where no devices are"},
		"a public one":            {func(n *config.Network) { n.Ranges = []string{"203.0.113.0/24"} }, "not all private"},
		"one that is half public": {func(n *config.Network) { n.Ranges = []string{"172.0.0.0/8"} }, "not all private"},
		"loopback":                {func(n *config.Network) { n.Ranges, n.Force = []string{"127.0.0.0/24"}, true }, "where no devices are"},
		"link-local":              {func(n *config.Network) { n.Ranges, n.Force = []string{"169.254.0.0/24"}, true }, "where no devices are"},
		"multicast":               {func(n *config.Network) { n.Ranges, n.Force = []string{"224.0.0.0/24"}, true }, "where no devices are"},
		"broadcast":               {func(n *config.Network) { n.Ranges, n.Force = []string{"255.255.255.255/32"}, true }, "where no devices are"},
		"IPv6":                    {func(n *config.Network) { n.Ranges = []string{"fd00::/120"} }, "not IPv4"},
		"too many addresses": {func(n *config.Network) {
			n.Ranges, n.Force = []string{"10.0.0.0/16", "10.1.0.0/16"}, true
		}, "131072 addresses"},
		"more than there is time for": {func(n *config.Network) { n.Ranges, n.Force = []string{"10.0.0.0/16"}, true }, "raise interval"},
		"too many networks":           {func(n *config.Network) { n.Ranges = make([]string, 65) }, "65 networks"},
		"an exclusion of a name":      {func(n *config.Network) { n.Exclude = []string{"xray"} }, `network.exclude has "xray"`},
		"an exclusion of half":        {func(n *config.Network) { n.Exclude = []string{"192.168.1.7/24"} }, `network.exclude has "192.168.1.7/24"`},
		"a maker of no letters":       {func(n *config.Network) { n.Exclude = []string{"vendor: "} }, "network.exclude"},
		"a maker that is misspelt":    {func(n *config.Network) { n.Exclude = []string{"vendor:Philps"} }, "no maker in the list"},
		"an exclusion of IPv6":        {func(n *config.Network) { n.Exclude = []string{"fd00::/120"} }, "network.exclude"},
		"a long MAC":                  {func(n *config.Network) { n.Exclude = []string{"02:00:5e:10:00:00:00:01"} }, "network.exclude"},
		"a sweep each second":         {func(n *config.Network) { n.Interval = time.Second }, "network.interval"},
		"a sweep each week":           {func(n *config.Network) { n.Interval = 168 * time.Hour }, "network.interval"},
		"no ports":                    {func(n *config.Network) { n.Ports = nil }, "network.ports"},
		"port 0":                      {func(n *config.Network) { n.Ports = []int{0} }, "network.ports has 0"},
		"port 65536":                  {func(n *config.Network) { n.Ports = []int{65536} }, "network.ports has 65536"},
		"a port twice":                {func(n *config.Network) { n.Ports = []int{22, 22} }, "22 twice"},
		"a medical device's":          {func(n *config.Network) { n.Ports = []int{104} }, "DICOM's"},
		"a printer's":                 {func(n *config.Network) { n.Ports = []int{9100} }, "a printer's"},
		"no rate":                     {func(n *config.Network) { n.Rate = 0 }, "network.rate"},
		"a flood":                     {func(n *config.Network) { n.Rate = 501 }, "network.rate"},
		"none at a time":              {func(n *config.Network) { n.Concurrent = 0 }, "network.concurrent"},
		"a gap before now":            {func(n *config.Network) { n.Gap = -1 }, "network.gap"},
		"no time for a device":        {func(n *config.Network) { n.DeviceDeadline = time.Second }, "network.device_deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			test.change(&c.Network)
			if err := c.Validate(); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Validate = %v; want it to say %q", err, test.says)
			}
		})
	}
	c := config.Default()
	c.Network.Ranges, c.Network.Force, c.Network.Interval = []string{"203.0.113.0/24", "10.0.0.0/17"}, true, 0
	if err := c.Validate(); err != nil {
		t.Errorf("with force = %v; want nil", err)
	}
}

// TestTheManualsNetworkIsGood reads the example of docs/network.md.
func TestTheManualsNetworkIsGood(t *testing.T) {
	text, err := os.ReadFile("../../../docs/network.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(text), "```yaml\n")
	example, _, ended := strings.Cut(example, "```\n")
	if !ok || !ended {
		t.Fatal("docs/network.md has no example")
	}
	c, err := config.Parse([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Network.Ranges = []string{"192.168.1.0/24", "192.168.20.0/24"}
	want.Network.Exclude = []string{"192.168.1.10", "192.168.20.128/25", "00:09:fb:12:34:56", "vendor:Philips"}
	want.Network.Rate = 25
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("the example (-want +got):\n%s", diff)
	}
	networks, macs, vendors, err := c.Network.Exclusions()
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	for name, diff := range map[string]string{
		"networks": cmp.Diff([]netip.Prefix{netip.MustParsePrefix("192.168.1.10/32"), netip.MustParsePrefix("192.168.20.128/25")}, networks, same),
		"MACs":     cmp.Diff([]string{"00:09:fb:12:34:56"}, macs),
		"makers":   cmp.Diff([]string{"Philips"}, vendors),
	} {
		if diff != "" {
			t.Errorf("excluded %s (-want +got):\n%s", name, diff)
		}
	}
}
