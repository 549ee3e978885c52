package uplink

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestARenewedCertificateGetsAConnectionOfItsOwn(t *testing.T) {
	seen := map[string]int{} // requests by the client's end of the connection
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen[r.RemoteAddr]++ }))
	defer server.Close()
	certificate := []byte("first")
	made := 0
	client := &http.Client{Transport: &renewing{
		current: func() []byte { return certificate },
		make:    func() *http.Transport { made++; return &http.Transport{} },
	}}
	for _, next := range []string{"first", "first", "second", "second"} {
		certificate = append(certificate[:0], next...) // the same place: what was presented is a copy
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if made != 2 || len(seen) != 2 {
		t.Errorf("%d transports, requests by connection %v; want two connections with two requests each", made, seen)
	}
	for connection, n := range seen {
		if n != 2 {
			t.Errorf("%d requests came by %s; want 2", n, connection)
		}
	}
}
