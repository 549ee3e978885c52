package check

// Facts of linux_firewall.
const (
	FactFirewallManager = "manager" // ufw, nftables or none
	FactFirewallState   = "state"   // enabled or disabled, as the manager's own files say
	FactFirewallInput   = "input"   // what the kernel does with other input: drop or accept
)

// judgeLinuxFirewall believes the kernel before any file: a manager that is enabled
// in its file may not have been started.
func judgeLinuxFirewall(_ *definition, f Facts, _ Parameters, v *Verdict) {
	v.Expected = "incoming traffic is dropped by default"
	manager, _ := f.Get(FactFirewallManager)
	state, stated := f.Get(FactFirewallState)
	input, _ := f.Get(FactFirewallInput)
	if stated {
		v.Actual = manager + " " + state
	}
	switch {
	case input == "drop":
		v.Actual = "input dropped"
		v.pass("The kernel drops input that no rule allows.")
	case input == "accept":
		v.Actual = "input accepted"
		v.fail(Critical, "The kernel accepts input that no rule forbids.")
	case state == "disabled":
		v.fail(Critical, "The firewall "+manager+" is switched off in its own configuration.")
	default:
		v.unknown("The kernel's rules cannot be read without more rights.")
	}
}
