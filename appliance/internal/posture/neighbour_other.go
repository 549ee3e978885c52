//go:build !linux

package posture

import (
	"errors"
	"fmt"
	"net/netip"
)

// Neighbours implements Network: appliances run Linux.
func (System) Neighbours() (map[netip.Addr]Neighbour, error) {
	return nil, fmt.Errorf("reading neighbours: %w", errors.ErrUnsupported)
}
