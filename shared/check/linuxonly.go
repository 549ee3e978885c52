package check

// linuxOnly has the checks that only Linux has.
var linuxOnly = []definition{
	{LinuxFirewall, nil, judgeLinuxFirewall},
	{SSHRootLogin, sshParameters, judgeSSHRoot},
	{SysctlHardening, sysctlParameters, judgeSysctl},
}
