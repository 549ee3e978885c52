package main

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osiriscare/osiris/shared/check"
)

// redactor replaces what identifies somebody before anything is written. The
// same value always becomes the same word, so that judges still see what is
// equal: SIDs keep their last part, volumes their order, hosts, users and GPOs
// get numbers, serials become SERIAL, addresses those of RFC 5737.
type redactor struct {
	words []replacement // longest first
	seen  map[string]string
}

// replacement is a name of this machine and what stands for it.
type replacement struct {
	lower, word string
	pattern     *regexp.Regexp
}

// publicNames are answers that identify nobody.
var publicNames = []string{"root", "admin", "administrator", "user", "guest", "workgroup", "time.windows.com", "local", "pool.ntp.org"}

var (
	sidPattern    = regexp.MustCompile(`S-1-(5-21|12-1)(?:-[0-9]+)*-([0-9]+)(_Classes)?`)
	volumePattern = regexp.MustCompile(`(?i)Volume\{[0-9a-f-]{36}\}`)
	addrPattern   = regexp.MustCompile(`\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|\b(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f:]*[0-9A-Fa-f]\b`)
	mailPattern   = regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`)
)

// name is one of the machine's own names and its kind: HOST, USER or DOMAIN.
type name struct{ kind, text string }

func newRedactor(names []name) *redactor {
	r := &redactor{seen: map[string]string{}}
	for _, n := range names {
		r.know(n.kind, n.text)
	}
	return r
}

// know replaces a name wherever it stands from now on, whatever its case.
func (r *redactor) know(kind, text string) string {
	lower := strings.ToLower(strings.ToValidUTF8(text, "?"))
	if len(text) < 2 || slices.Contains(publicNames, lower) {
		return text
	}
	for _, w := range r.words {
		if w.lower == lower {
			return w.word
		}
	}
	word := r.number(kind, lower)
	if kind == "DOMAIN" && strings.Contains(text, ".") {
		word = strings.ToLower(word) + ".example"
	}
	r.words = append(r.words, replacement{lower, word, regexp.MustCompile("(?i)" + regexp.QuoteMeta(lower))})
	slices.SortStableFunc(r.words, func(a, b replacement) int { return len(b.lower) - len(a.lower) })
	return word
}

// number gives the same value the same word: KIND1, KIND2.
func (r *redactor) number(kind, value string) string {
	key := kind + " " + value
	if word, ok := r.seen[key]; ok {
		return word
	}
	n := 1
	for known := range r.seen {
		if strings.HasPrefix(known, kind+" ") {
			n++
		}
	}
	r.seen[key] = kind + strconv.Itoa(n)
	return r.seen[key]
}

// text redacts what can be recognised anywhere.
func (r *redactor) text(text string) string {
	text = sidPattern.ReplaceAllStringFunc(text, func(sid string) string {
		m := sidPattern.FindStringSubmatch(sid)
		last := strings.LastIndexByte(strings.TrimSuffix(sid, m[3]), '-')
		machine := strings.TrimPrefix(r.number("#", sid[:last]), "#")
		return "S-1-" + m[1] + "-" + machine + "-" + machine + "-" + machine + "-" + m[2] + m[3]
	})
	text = volumePattern.ReplaceAllStringFunc(text, func(volume string) string {
		n := strings.TrimPrefix(r.number("{", strings.ToLower(volume)), "{")
		return "Volume{00000000-0000-0000-0000-" + strings.Repeat("0", max(0, 12-len(n))) + n + "}"
	})
	text = mailPattern.ReplaceAllString(text, "user@domain.example")
	text = addrPattern.ReplaceAllStringFunc(text, func(address string) string {
		if a, err := netip.ParseAddr(address); err != nil || a.IsLoopback() {
			return address
		}
		return "192.0.2." + strings.TrimPrefix(r.number("@", address), "@")
	})
	for _, w := range r.words {
		text = replaceWord(text, w.pattern, w.word)
	}
	return text
}

// replaceWord replaces whole words only, in any case: a user named "on" must not
// change "Version".
func replaceWord(text string, name *regexp.Regexp, word string) string {
	out, done := "", 0
	for _, at := range name.FindAllStringIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		if !ofWord(before) && !ofWord(after) {
			out, done = out+text[done:at[0]]+word, at[1]
		}
	}
	return out + text[done:]
}

func ofWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// named redacts a registry value, which its name may give away.
func (r *redactor) named(valueName, text string) string {
	switch valueName {
	case "GPOName":
		return r.number("GPO", text)
	case "ComputerName":
		return r.know("HOST", text)
	case "Domain", "JoinDomain":
		return r.know("DOMAIN", text)
	case "PendingFileRenameOperations":
		lines := strings.Split(text, "\n")
		for i := range lines {
			if lines[i] != "" {
				lines[i] = "path" // only how many there are counts
			}
		}
		return strings.Join(lines, "\n")
	case "NtpServer":
		return r.servers(text)
	}
	return r.text(text)
}

// servers redacts a list of time servers; public ones stay.
func (r *redactor) servers(text string) string {
	fields := strings.Fields(text)
	for i := range fields {
		host, flags, some := strings.Cut(fields[i], ",")
		if fields[i] = r.server(host); some {
			fields[i] += "," + flags
		}
	}
	return strings.Join(fields, " ")
}

// publicServer knows operators of time servers for everybody.
var publicServer = regexp.MustCompile(`(?i)(^|\.)(windows\.com|ntp\.org|nist\.gov|google\.com|cloudflare\.com|apple\.com)$`)

func (r *redactor) server(host string) string {
	if publicServer.MatchString(host) {
		return host
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return r.text(host)
	}
	if text := r.text(host); text != host {
		return text
	}
	return r.know("DOMAIN", host)
}

// property redacts a WMI property.
func (r *redactor) property(class, property, text string) string {
	switch {
	case strings.Contains(strings.ToLower(property), "serial"):
		return "SERIAL"
	case class == "Win32_Printer" && property == "Name":
		return r.number("PRINTER", text)
	}
	return r.text(text)
}

// row redacts a function's answer.
func (r *redactor) row(function, row string) string {
	fields := parseRow(row)
	for i := range fields {
		switch {
		case function == "Account501" && fields[i].Name == "Name":
			fields[i].Value = r.know("USER", fields[i].Value)
		case function == "SNTP" && fields[i].Name == "Server":
			host, port, _ := strings.Cut(fields[i].Value, ":")
			fields[i].Value = r.server(host) + ":" + port
		case function != "QueryService":
			fields[i].Value = r.text(fields[i].Value)
		}
	}
	return check.FormatRow(fields)
}

// parseRow reads what check.FormatRow writes.
func parseRow(text string) check.Facts {
	var row check.Facts
	var part []byte
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ';':
			if name, value, ok := strings.Cut(string(part), "="); ok {
				row.Add(name, value)
			}
			part = nil
			continue
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		part = append(part, text[i])
	}
	return row
}
