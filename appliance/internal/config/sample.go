package config

import _ "embed"

// Sample is a file with every setting, its default and what it is for.
//
//go:embed sample.yaml
var Sample string
