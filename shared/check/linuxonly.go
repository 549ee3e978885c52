package check

// linuxOnly has the checks that only Linux has.
var linuxOnly = []definition{
	{LinuxFirewall, []string{FactFirewallManager, FactFirewallState, FactFirewallInput}, nil, judgeLinuxFirewall},
	{SSHRootLogin, []string{FactPermitRootLogin}, sshParameters, judgeSSHRoot},
	{SysctlHardening, sysctlFacts, sysctlParameters, judgeSysctl},
}
