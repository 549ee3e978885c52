// Package service is how the agent lives in its operating system: a Windows
// service, a launchd daemon or a systemd unit, started at boot and again after a
// crash, as LocalSystem or root. The system runs the program with the verb
// "service"; Run is that verb's frame. Install, Remove, Start and Stop need an
// administrator, and are safe to repeat.
//
// Program is where the installed program lies; only administrators may write
// there. Output is where a service's log goes: the Windows event log (source
// OsirisAgent in Application), a bounded file on macOS, standard error and so the
// journal with systemd. Errors are those of the system with what was being done.
//
// Sources: learn.microsoft.com (Service Control Manager, Event Logging),
// launchd.plist(5), systemd.exec(5) and systemd.kill(5), read 2026-11-22.
package service

// Names by which the systems know the agent.
const (
	Name  = "OsirisAgent"          // Windows service and event source
	Label = "care.osiris.agent"    // launchd job
	Unit  = "osiris-agent.service" // systemd unit
	title = "Osiris Agent"         // for people

	// What starts the watcher of an update at boot, see InstallWatch.
	watchName  = Name + "Update"
	watchLabel = Label + ".update"
	watchUnit  = "osiris-agent-update.service"
	watchTitle = title + " Update"
	about      = "Watches this computer for the appliance of its practice."
)
