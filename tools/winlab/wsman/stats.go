package wsman

import "maps"

// Stats counts what came, for tests of clients.
type Stats struct {
	// Connections that sent a request; Requests are HTTP requests.
	Connections int
	Requests    int
	// Logons are handshakes of Negotiate that ended well, Refusals the logons of
	// any kind that did not.
	Logons   int
	Refusals int
	// SOAP messages by how they came: sealed, in plain text under TLS, and in
	// plain text for everybody to read.
	Sealed int
	TLS    int
	Plain  int
	// ShellsMade and ShellsDeleted by the client; Shells are there now.
	ShellsMade    int
	ShellsDeleted int
	Shells        int
	Commands      int
	Receives      int
	Faults        map[uint32]int
}

// Stats gives the counts so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.Faults = maps.Clone(s.stats.Faults)
	out.Shells = len(s.shells)
	return out
}

func (s *Server) count(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.stats)
}
