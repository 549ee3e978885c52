package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/config"
	"github.com/osiriscare/osiris/appliance/internal/posture"
	"github.com/osiriscare/osiris/appliance/internal/store"
	"github.com/osiriscare/osiris/appliance/internal/target"
)

// networkConfig is the configuration's part of package posture. config.Validate
// has judged it.
func networkConfig(c config.Config) (posture.Config, error) {
	n := c.Network
	ranges, err := n.Prefixes()
	networks, macs, vendors, badExclude := n.Exclusions()
	if err := errors.Join(err, badExclude); err != nil {
		return posture.Config{}, err
	}
	ports := make([]uint16, 0, len(n.Ports))
	for _, p := range n.Ports {
		ports = append(ports, uint16(p)) //nolint:gosec // config.Validate
	}
	return posture.Config{
		Ranges: ranges, Exclude: posture.Exclusions{Networks: networks, MACs: macs, Vendors: vendors}, Ports: ports,
		Interval: n.Interval, Rate: n.Rate, Concurrent: n.Concurrent, Gap: n.Gap, DeviceDeadline: n.DeviceDeadline,
	}, nil
}

// targetNames tells at which address a target is asked.
type targetNames struct{ store *target.Store }

// Names implements posture.Names. An address that two targets have is nobody's.
func (n targetNames) Names(ctx context.Context) (map[netip.Addr]string, error) {
	list, err := n.store.List(ctx)
	if err != nil {
		return nil, err
	}
	out := map[netip.Addr]string{}
	for _, t := range list {
		a, err := netip.ParseAddr(t.Host)
		if err != nil {
			continue // a name: looking it up would be guessing
		}
		name := "target " + t.Name
		if out[a] != "" {
			name = ""
		}
		out[a] = name
	}
	return out, nil
}

// networkVerb shows the devices that the network has, and takes the word of a
// person about new ones. It works beside a running appliance.
func networkVerb(ctx context.Context, args []string, out, errs io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "list":
		return withConfig("network list", args[1:], errs, nil, func(c config.Config) error {
			return withDevices(ctx, c, func(st *store.Store) error { return listDevices(ctx, st, out) })
		})
	case len(args) > 1 && args[0] == "know" && !strings.HasPrefix(args[1], "-"):
		return withConfig("network know", args[2:], errs, nil, func(c config.Config) error {
			return withDevices(ctx, c, func(st *store.Store) error { return knowDevice(ctx, st, args[1], out) })
		})
	}
	return errors.New("use: osiris-appliance network list, or network know MAC|all")
}

func withDevices(ctx context.Context, c config.Config, do func(*store.Store) error) (err error) {
	st, err := store.Open(ctx, statePath(c), posture.Schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(st)
}

func listDevices(ctx context.Context, st *store.Store, out io.Writer) error {
	all, err := posture.Devices(ctx, st)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "MAC\tADDRESS\tMAKER\tFIRST SEEN\tLAST SEEN\tSTATE") //nolint:errcheck // Flush says it
	for _, d := range all {
		state := "known"
		switch {
		case d.New():
			state = "NEW"
		case d.Private():
			state = "private MAC"
		case d.MAC == "":
			state = "no MAC"
		}
		addresses := make([]string, 0, len(d.Addresses))
		for _, a := range d.Addresses {
			addresses = append(addresses, a.String())
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.MAC, strings.Join(addresses, ","), d.Vendor, //nolint:errcheck // Flush says it
			d.First.Format(time.DateTime), d.Last.Format(time.DateTime), state)
	}
	return w.Flush()
}

func knowDevice(ctx context.Context, st *store.Store, mac string, out io.Writer) error {
	n, err := posture.Know(ctx, st, mac)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "known from now on: %d; its item closes with the next sweep\n", n)
	return err
}
