// Command crashing is an agent that goes wrong: it takes its configuration for
// good, and ends as soon as it is to work.
package main

import "os"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "validate" {
		return
	}
	os.Exit(3)
}
