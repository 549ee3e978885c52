package config

import "os"

const exampleTokenFile = `C:\ProgramData\Osiris\token.conf`

// defaultDirs: administrators own %ProgramData% and the service's environment.
func defaultDirs() (data, root string) {
	program := os.Getenv("ProgramData")
	if program == "" {
		program = `C:\ProgramData`
	}
	drive := os.Getenv("SystemDrive")
	if drive == "" {
		drive = "C:"
	}
	return program + `\Osiris`, drive + `\`
}

// DefaultFile is the configuration that counts when none is named.
func DefaultFile() string {
	data, _ := defaultDirs()
	return data + `\agent.conf`
}
