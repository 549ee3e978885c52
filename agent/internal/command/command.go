// Package command is the one place in the agent that starts other programs. A
// command is a constant here: full path, fixed arguments, an empty environment
// but for the locale, a time limit and an output limit. Nothing from the
// network reaches an argument. Errors name the program and its first line of
// complaint. Only Linux needs one so far. os/exec would cost 40 KB.
package command
