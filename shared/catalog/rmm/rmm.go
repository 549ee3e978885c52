// Package rmm is the catalogue of remote management and remote access products,
// and the compiler that turns it into the signed list that agents look with
// (trust.v1.SignatureList). The data are files under products, facts of
// LOLRMM (lolrmm.io, Apache-2.0) and the project's domain notes §9 in our own
// arrangement; each product names its source. Servers and tools use this
// package, the agent does not.
//
// A pattern matches a whole name without regard to case. * is any text within
// one path component; {id} is the letters, digits and hyphens that tell one
// instance of a product from another. %Programs% stands for both of Windows'
// program folders. Compile refuses what would find the wrong thing, such as
// agent.exe without its path. Versions are max(previous + 1, Unix seconds),
// times Unix milliseconds. Open's errors are those of shared/signed and
// ErrInvalid.
package rmm

import (
	"embed"
	"errors"
	"fmt"
	"path"

	"github.com/osiriscare/osiris/shared/runbook"
)

//go:embed products
var files embed.FS

// ErrInvalid is a list that no agent would take.
var ErrInvalid = errors.New("invalid signature list")

// Product is one product as the files have it.
type Product struct {
	// ID is what allow lists name: lower case letters, digits and hyphens.
	ID string `yaml:"id"`
	// Name is for people.
	Name string `yaml:"name"`
	// Source says where the marks are from.
	Source string `yaml:"source"`
	// BundledBy are ids of products that install this one.
	BundledBy []string `yaml:"bundled_by"`
	Windows   Marks    `yaml:"windows"`
	MacOS     Marks    `yaml:"macos"`
	Linux     Marks    `yaml:"linux"`
}

// Marks are what a product leaves on one system.
type Marks struct {
	// Services are names of Windows services, launchd labels or systemd units.
	Services []string `yaml:"services"`
	// Titles are display names of Windows services.
	Titles []string `yaml:"titles"`
	// Processes are file names of programs or, with a separator, whole paths.
	Processes []string `yaml:"processes"`
	// Paths are files or folders.
	Paths []string `yaml:"paths"`
	// Packages are display names of uninstall entries, applications of a Mac
	// without .app, or Debian packages.
	Packages []string `yaml:"packages"`
	// Keys are registry keys; both views are searched.
	Keys []string `yaml:"keys"`
}

// Products reads the catalogue, in the order of its files.
func Products() ([]Product, error) {
	entries, err := files.ReadDir("products")
	if err != nil {
		return nil, fmt.Errorf("listing products: %w", err)
	}
	var all []Product
	for _, e := range entries {
		content, err := files.ReadFile(path.Join("products", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading products: %w", err)
		}
		part, err := Parse(content)
		if err != nil {
			return nil, fmt.Errorf("reading products in %s: %w", e.Name(), err)
		}
		all = append(all, part...)
	}
	return all, nil
}

// Parse reads products in the form of the files; an unknown key is an error
// that names its line.
func Parse(content []byte) ([]Product, error) {
	var products []Product
	if err := runbook.Decode(content, &products); err != nil {
		return nil, err
	}
	return products, nil
}
