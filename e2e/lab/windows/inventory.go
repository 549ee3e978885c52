package windows

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/osiriscare/osiris/shared/runbook"
)

// ErrInventory means that an inventory does not say which hosts there are.
var ErrInventory = errors.New("bad inventory")

// Inventory is the file that OSIRIS_LAB names.
type Inventory struct {
	Hosts []Host `yaml:"hosts"`

	folder string // of the file: other files are relative to it
}

// Host is one Windows host.
type Host struct {
	// Name is for people and captures, and unique.
	Name string `yaml:"name"`
	// Host is connected to; Name if empty. Port is 5986, or 5985 with http.
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	// HTTP has no TLS; messages are sealed then.
	HTTP bool `yaml:"http"`
	// TLSName is the name in its certificate and to the KDC; Host if empty.
	TLSName string `yaml:"tls_name"`
	// Pin is the SHA-256 of the certificate's key, which alone decides then; CAFile
	// has what signed the certificate, if the system does not know it.
	Pin    string `yaml:"pin"`
	CAFile string `yaml:"ca_file"`
	// Method is ntlm, ntlm-spnego, kerberos or certificate.
	Method string `yaml:"method"`
	// User is "user", ".\user", "DOMAIN\user" or "user@realm"; SecretFile has the
	// password. A certificate needs neither but the two files.
	User            string `yaml:"user"`
	SecretFile      string `yaml:"secret_file"`
	CertificateFile string `yaml:"certificate_file"`
	KeyFile         string `yaml:"key_file"`
	// Kind is workstation, server or domain_controller.
	Kind string `yaml:"kind"`
	// Domain is the DNS domain it is in, empty for none.
	Domain string `yaml:"domain"`
	// MayChange is a host that nobody needs: settings are broken and mended there.
	MayChange bool `yaml:"may_change"`

	line int
}

// plainHost decodes without the method below.
type plainHost Host

// UnmarshalYAML keeps the line of the host.
func (h *Host) UnmarshalYAML(node ast.Node) error {
	var p plainHost
	if err := yaml.NewDecoder(bytes.NewReader(nil), yaml.Strict()).DecodeFromNode(node, &p); err != nil {
		return err
	}
	*h = Host(p)
	// A mapping's own token is its first colon, on the line of the first key.
	h.line = node.GetToken().Position.Line
	return nil
}

// Read reads an inventory file.
func Read(file string) (*Inventory, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the inventory: %w", err)
	}
	in, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("reading the inventory %s: %w", file, err)
	}
	in.folder = filepath.Dir(file)
	return in, nil
}

// Parse reads an inventory; it opens no other file.
func Parse(content []byte) (*Inventory, error) {
	in := &Inventory{}
	if err := runbook.Decode(content, in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInventory, err)
	}
	if len(in.Hosts) == 0 {
		return nil, fmt.Errorf("%w: it has no hosts", ErrInventory)
	}
	var errs []error
	names := map[string]bool{}
	for i := range in.Hosts {
		h := &in.Hosts[i]
		if err := h.validate(); err != nil {
			errs = append(errs, fmt.Errorf("%w: line %d: host %.64q: %w", ErrInventory, h.line, h.Name, err))
		}
		if names[strings.ToLower(h.Name)] {
			errs = append(errs, fmt.Errorf("%w: line %d: host %.64q is there twice", ErrInventory, h.line, h.Name))
		}
		names[strings.ToLower(h.Name)] = true
	}
	return in, errors.Join(errs...)
}

var (
	methods = []string{"ntlm", "ntlm-spnego", "kerberos", "certificate"}
	kinds   = []string{runbook.RoleWorkstation, runbook.RoleServer, runbook.RoleDomainController}
)

// validate says everything that is wrong at once, and fills in defaults.
func (h *Host) validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if h.Name == "" || strings.ContainsAny(h.Name, `/\ `) || strings.HasPrefix(h.Name, ".") {
		wrong("name is empty, or no name for a file")
	}
	if h.Host == "" {
		h.Host = h.Name
	}
	if h.Port < 0 || h.Port > 65535 {
		wrong("port %d is no port", h.Port)
	}
	if !slices.Contains(methods, h.Method) {
		wrong("method %q is none of %s", h.Method, strings.Join(methods, ", "))
	}
	if !slices.Contains(kinds, h.Kind) {
		wrong("kind %q is none of %s", h.Kind, strings.Join(kinds, ", "))
	}
	if pin, err := hex.DecodeString(h.Pin); err != nil || len(pin) != 0 && len(pin) != 32 {
		wrong("pin is not 64 hexadecimal digits")
	}
	byCertificate := h.Method == "certificate"
	switch {
	case byCertificate && (h.CertificateFile == "" || h.KeyFile == "" || h.User != "" || h.SecretFile != ""):
		wrong("a certificate needs certificate_file and key_file, and no user or secret_file")
	case !byCertificate && (h.User == "" || h.SecretFile == "" || h.CertificateFile != "" || h.KeyFile != ""):
		wrong("method %s needs user and secret_file, and no certificate", h.Method)
	}
	if h.HTTP && (byCertificate || h.Pin != "" || h.CAFile != "") {
		wrong("http has no certificates")
	}
	return errors.Join(errs...)
}

// Subjects reads the files that the hosts name.
func (in *Inventory) Subjects() ([]Subject, error) {
	var out []Subject
	for _, h := range in.Hosts {
		s := Subject{Host: h}
		var err error
		if h.SecretFile != "" {
			if s.Secret, err = secret(in.path(h.SecretFile)); err != nil {
				return nil, fmt.Errorf("line %d: host %s: %w", h.line, h.Name, err)
			}
		}
		if h.CAFile != "" {
			pem, err := os.ReadFile(in.path(h.CAFile))
			if err != nil {
				return nil, fmt.Errorf("line %d: host %s: reading ca_file: %w", h.line, h.Name, err)
			}
			s.CA = string(pem)
		}
		s.CertificateFile, s.KeyFile = in.path(h.CertificateFile), in.path(h.KeyFile)
		out = append(out, s)
	}
	return out, nil
}

// path of a file that the inventory names.
func (in *Inventory) path(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(in.folder, file)
}

// secret is the first line of a file that nobody else may read.
func secret(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("reading secret_file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("reading secret_file %s: others may read it; chmod 600 it", file)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading secret_file: %w", err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", fmt.Errorf("reading secret_file %s: it is empty", file)
	}
	return line, nil
}
