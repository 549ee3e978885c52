package uplink

import (
	"bytes"
	"net/http"
	"sync"
)

// renewing is a transport whose connections all present the certificate that is
// current. One connection of HTTP/2 carries every call while there are any, so
// that a renewed certificate would else not be seen before it breaks, and one that
// has expired would go on being believed.
type renewing struct {
	current func() []byte // the certificate; nil before the claim
	make    func() *http.Transport

	mu        sync.Mutex
	presented []byte
	transport *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (r *renewing) RoundTrip(request *http.Request) (*http.Response, error) {
	return r.of(r.current()).RoundTrip(request)
}

// of gives the transport of a certificate. The former one ends by itself when its
// last call does.
func (r *renewing) of(certificate []byte) *http.Transport {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.transport != nil && bytes.Equal(certificate, r.presented) {
		return r.transport
	}
	if r.transport != nil {
		r.transport.CloseIdleConnections()
	}
	r.transport, r.presented = r.make(), bytes.Clone(certificate)
	return r.transport
}
