package winrm_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/osiriscare/osiris/appliance/internal/remote/winrm"
)

// FuzzHost is a host that answers whatever it likes, to each way of signing in:
// one piece a request, the pieces apart by three line ends.
func FuzzHost(f *testing.F) {
	challenge := "NTLMSSP\x00\x02\x00\x00\x00\x00\x00\x00\x00\x38\x00\x00\x00\x33\x82\x8a\xe2\x01\x23\x45\x67\x89\xab\xcd\xef\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x04\x00\x38\x00\x00\x00\x0a\x00\x63\x45\x00\x00\x00\x0f\x00\x00\x00\x00"
	f.Add([]byte("HTTP/1.1 401 no\r\nWWW-Authenticate: Negotiate " + base64.StdEncoding.EncodeToString([]byte(challenge)) + "\r\nContent-Length: 0\r\n\r\n\n\n\nHTTP/1.1 200 ok\r\nContent-Length: 0\r\n\r\n\n\n\n" +
		"HTTP/1.1 200 ok\r\nContent-Type: multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"Encrypted Boundary\"\r\nContent-Length: 22\r\n\r\n--Encrypted Boundary\r\n"))
	f.Add([]byte("HTTP/1.1 500 x\r\nContent-Type: application/soap+xml\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<a>\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 go on\r\n\r\nHTTP/1.1 101 else\r\n\r\n"))
	f.Add([]byte("\x16\x03\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dial := func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close() //nolint:errcheck // a pipe
				r := bufio.NewReader(theirs)
				for _, piece := range bytes.Split(b, []byte("\n\n\n")) {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					if _, err := io.Copy(io.Discard, req.Body); err != nil {
						return
					}
					if _, err := theirs.Write(piece); err != nil {
						return
					}
				}
			}()
			return ours, nil
		}
		r := winrm.New(winrm.Config{Retries: -1, Dial: dial}, slog.New(slog.DiscardHandler))
		defer r.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, c := range []struct {
			endpoint   winrm.Endpoint
			credential winrm.Credential
		}{
			{plainEndpoint, basic},
			{winrm.Endpoint{Host: "a", HTTP: true}, winrm.Credential{Method: winrm.NTLM, User: "u", Password: "p"}},
			{winrm.Endpoint{Host: "a", HTTP: true}, winrm.Credential{Method: winrm.NTLMSPNEGO, User: "u", Password: "p"}},
		} {
			out, err := r.Run(ctx, c.endpoint, c.credential, winrm.Command{Line: "x"})
			if err == nil {
				t.Errorf("a command ran: %+v", out)
			}
			if s := fmt.Sprint(err); len(s) > 2000 {
				t.Errorf("an error of %d bytes", len(s))
			}
		}
	})
}
