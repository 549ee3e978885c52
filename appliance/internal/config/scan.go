package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Scan is how hosts without an agent are asked. An interval of 0 switches that
// cycle off.
type Scan struct {
	WindowsInterval     time.Duration `yaml:"windows_interval"`
	LinuxInterval       time.Duration `yaml:"linux_interval"`
	WorkstationInterval time.Duration `yaml:"workstation_interval"`
	Limit               int           `yaml:"limit"`
	HostDeadline        time.Duration `yaml:"host_deadline"`
	CAFile              string        `yaml:"ca_file"`
}

// DefaultScan is the cadence that practices are used to.
func DefaultScan() Scan {
	return Scan{
		WindowsInterval: 300 * time.Second, LinuxInterval: 300 * time.Second, WorkstationInterval: 600 * time.Second,
		Limit: 128, HostDeadline: 2 * time.Minute,
	}
}

// Bounds of scanning.
const (
	mostScans    = 1024
	shortestScan = 10 * time.Second
	longestScan  = 24 * time.Hour
)

func (s Scan) validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("scan."+format, args...)) }
	for _, i := range []struct {
		key  string
		time time.Duration
	}{{"windows_interval", s.WindowsInterval}, {"linux_interval", s.LinuxInterval}, {"workstation_interval", s.WorkstationInterval}} {
		if i.time != 0 && (i.time < shortestScan || i.time > longestScan) {
			wrong("%s %s is neither 0s nor between %s and %s", i.key, i.time, shortestScan, longestScan)
		}
	}
	if s.Limit < 1 || s.Limit > mostScans {
		wrong("limit %d is not between 1 and %d", s.Limit, mostScans)
	}
	if s.HostDeadline < shortestScan || s.HostDeadline > time.Hour {
		wrong("host_deadline %s is not between %s and 1h", s.HostDeadline, shortestScan)
	}
	if s.CAFile != "" && !filepath.IsAbs(s.CAFile) {
		wrong("ca_file %q is not an absolute path", s.CAFile)
	}
	return errors.Join(errs...)
}
