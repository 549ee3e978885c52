package check

// Facts of linux_firewall.
const (
	FactFirewallManager = "manager" // ufw, nftables or none
	FactFirewallState   = "state"   // enabled or disabled, as the manager's own files say
	FactFirewallInput   = "input"   // what the kernel does with other input: drop or accept
)

func linuxFirewall() definition {
	return definition{
		id: LinuxFirewall, judge: judgeFirewall,
		facts: []string{FactFirewallManager, FactFirewallState, FactFirewallInput},
	}
}

// judgeFirewall believes the kernel before any file: a manager that is enabled
// in its file may not have been started.
func judgeFirewall(_ definition, f Facts, _ Parameters) Verdict {
	v := Verdict{Expected: "incoming traffic is dropped by default"}
	manager, _ := f.Get(FactFirewallManager)
	state, stated := f.Get(FactFirewallState)
	input, seen := f.Get(FactFirewallInput)
	switch {
	case seen && input == "drop":
		v.Status, v.Actual, v.Reason = Pass, "input dropped", "The kernel drops input that no rule allows."
	case seen && input == "accept":
		v.Status, v.Severity, v.Actual = Fail, Critical, "input accepted"
		v.Reason = "The kernel accepts input that no rule forbids."
	case stated && state == "disabled":
		v.Status, v.Severity, v.Actual = Fail, Critical, manager+" disabled"
		v.Reason = "The firewall " + manager + " is switched off in its own configuration."
	default:
		v.Status, v.Reason = Unknown, "The kernel's rules cannot be read without more rights."
		if stated {
			v.Actual = manager + " " + state
		}
	}
	return v
}
