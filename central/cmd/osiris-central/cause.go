package main

import "go.uber.org/dig"

// cause is what a constructor said, without the chain of who needed it.
func cause(err error) error { return dig.RootCause(err) }
