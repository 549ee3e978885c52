//go:build !unix

package session

// places is how many connections to take.
func places() int { return maxConns }
