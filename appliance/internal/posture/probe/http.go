package probe

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/osiriscare/osiris/shared/check"
)

// Services that a browser's question is harmless to.
var (
	http          = protocol{hello: helloHTTP, whole: hasHead, parse: parseHTTP, unclear: "http"}
	elasticsearch = protocol{hello: helloHTTP, whole: hasBody, parse: parseElasticsearch, unclear: "database"}
)

// helloHTTP asks for the first page, as a browser does.
func helloHTTP(to netip.AddrPort) []byte {
	return []byte("GET / HTTP/1.1\r\nHost: " + to.String() + "\r\nUser-Agent: osiris-appliance\r\nAccept: */*\r\nConnection: close\r\n\r\n")
}

func hasHead(answer []byte) bool { return bytes.Contains(answer, []byte("\r\n\r\n")) }

// hasBody waits for the little that Elasticsearch says, in whatever pieces.
func hasBody(answer []byte) bool {
	_, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	return bytes.Contains(body, []byte("}\n")) || len(body) > maxGreeting*4
}

// head splits an answer: its status and its headers, names in lower case.
func head(answer []byte) (status string, headers map[string]string, err error) {
	text, _, _ := strings.Cut(string(answer), "\r\n\r\n")
	first, rest, _ := strings.Cut(text, "\r\n")
	version, after, _ := strings.Cut(first, " ")
	status, _, _ = strings.Cut(after, " ")
	if !strings.HasPrefix(version, "HTTP/1.") || len(status) != 3 || strings.Trim(status, "0123456789") != "" {
		return "", nil, errForeign
	}
	headers = map[string]string{}
	for line := range strings.SplitSeq(rest, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			headers[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return status, headers, nil
}

// parseHTTP tells whether the first page is one, or leads to TLS.
func parseHTTP(answer []byte) (check.Facts, error) {
	status, headers, err := head(answer)
	if err != nil {
		return nil, err
	}
	f := check.Facts{{Name: "Protocol", Value: "http"}}
	if status[0] == '3' && strings.HasPrefix(strings.ToLower(headers["location"]), "https://") {
		f.Add("Redirect", "https")
	}
	return f, nil
}

// parseElasticsearch: who need not sign in is told the cluster's name.
func parseElasticsearch(answer []byte) (check.Facts, error) {
	status, headers, err := head(answer)
	if err != nil {
		return nil, err
	}
	_, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	f := check.Facts{{Name: "Protocol", Value: "elasticsearch"}}
	switch {
	case status == "200" && bytes.Contains(body, []byte(`"cluster_name"`)):
		f.Add("Open", "yes")
	case status == "401" && (bytes.Contains(body, []byte("security_exception")) || headers["x-elastic-product"] != ""):
		f.Add("Open", "no")
	default:
		return check.Facts{{Name: "Protocol", Value: "http"}}, nil
	}
	return f, nil
}
