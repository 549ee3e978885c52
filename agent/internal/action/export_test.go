package action

// OnBoundary calls f at every phase boundary.
func (r *Runner) OnBoundary(f func(point string)) { r.boundary = f }

// RefusalLimit is how many refusals a session gets.
const RefusalLimit = refusalLimit

// WindowsActions are the actions of Windows on any system.
func WindowsActions() []Action { return append([]Action(nil), fixes...) }
