package dial

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// inside is set in the process that has a network, a resolver and a name server
// of its own.
const inside = "OSIRIS_TEST_NAMESPACE"

// TestTheSystemsResolverFindsTheAppliance asks the C library's resolver for the
// record of "the practice", which it completes by its search list. The machine's
// own resolver is not asked: the test runs again in namespaces of its own.
func TestTheSystemsResolverFindsTheAppliance(t *testing.T) {
	if folder := os.Getenv(inside); folder != "" {
		discoverInside(t, folder)
		return
	}
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	test.Env = append(os.Environ(), inside+"="+t.TempDir())
	test.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := test.CombinedOutput()
	if test.Process == nil {
		t.Skip("this system gives no namespaces: ", err)
	}
	if strings.Contains(string(out), "--- SKIP") {
		t.Skipf("this system gives no namespaces:\n%s", out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("inside: %v\n%s", err, out)
	}
}

func discoverInside(t *testing.T, folder string) {
	for name, content := range map[string]string{
		"resolv.conf": "nameserver 127.0.0.1\nsearch nowhere.example practice.example\noptions timeout:1 attempts:2\n",
		"hosts":       "127.0.0.1 localhost appliance.practice.example\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount(path, "/etc/"+name, "", syscall.MS_BIND, ""); err != nil {
			t.Skip("mounting: ", err)
		}
	}
	loopbackUp(t)
	server, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:53")))
	if err != nil {
		t.Skip("listening: ", err)
	}
	defer server.Close() //nolint:errcheck // the process ends
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := netip.MustParseAddrPort(l.Addr().String()).Port()
	go serve(server, port)
	for _, addr := range []string{"_osiris-grpc._tcp:0", "_osiris-grpc._tcp.practice.example:0"} {
		c, err := TCP(context.Background(), addr)
		if err != nil {
			t.Errorf("TCP(%s) = %v", addr, err)
			continue
		}
		answers(t, c, l)
		c.Close() //nolint:errcheck,gosec // the process ends
	}
	if _, err := TCP(context.Background(), "_osiris-grpc._tcp.elsewhere.example.:0"); err == nil || !strings.Contains(err.Error(), "no appliance") {
		t.Errorf("a record that there is not: %v; want it said", err)
	}
	// Another port of the same host, as for the fallback: nobody listens there.
	if _, err := TCP(context.Background(), "_osiris-grpc._tcp:1"); err == nil || !strings.Contains(err.Error(), "appliance.practice.example:1") {
		t.Errorf("another port: %v; want the record's host with this port", err)
	}
}

// loopbackUp switches lo on, which a new network has off.
func loopbackUp(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Skip("making a socket: ", err)
	}
	defer syscall.Close(fd) //nolint:errcheck // the process ends
	var request struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); e != 0 {
		t.Skip("switching loopback on: ", e)
	}
}

// serve answers the one question with two targets, of which the better is dead,
// and every other with "no such name".
func serve(server *net.UDPConn, port uint16) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := server.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		q := buffer[:n]
		end := 12
		name := ""
		for end < n && q[end] != 0 {
			name += string(q[end+1:end+1+int(q[end])]) + "."
			end += 1 + int(q[end])
		}
		end += 5
		answer := append([]byte(nil), q[:end]...)
		answer[2], answer[3] = 0x81, 0x80
		binary.BigEndian.PutUint16(answer[6:], 0)
		binary.BigEndian.PutUint16(answer[8:], 0)
		binary.BigEndian.PutUint16(answer[10:], 0)
		if name != "_osiris-grpc._tcp.practice.example." {
			answer[3] |= 3 // NXDOMAIN
		} else {
			binary.BigEndian.PutUint16(answer[6:], 2)
			for priority, p := range []uint16{2, port} { // nobody listens on port 2
				target := []byte("\x09appliance\xc0\x1e") // practice.example of the question
				answer = append(answer, 0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, byte(6+len(target)))
				answer = binary.BigEndian.AppendUint16(answer, uint16(priority))
				answer = append(answer, 0, 0)
				answer = binary.BigEndian.AppendUint16(answer, p)
				answer = append(answer, target...)
			}
		}
		_, _ = server.WriteToUDPAddrPort(answer, from)
	}
}
