package probe

// protocols are how ports are asked that have a first message of their own, or
// whose service speaks first.
var protocols = map[uint16]*protocol{
	21: &ftp, 22: &ssh, 23: &telnet, 2222: &ssh, 2323: &telnet,
	80: &http, 8000: &http, 8008: &http, 8080: &http, 8081: &http, 8088: &http,
	445: &smb, 1433: &mssql, 3306: &mysql, 3389: &rdp, 5432: &postgresql,
	5900: &vnc, 5901: &vnc, 5902: &vnc, 6379: &redis, 9200: &elasticsearch, 11211: &memcached, 27017: &mongodb,
}

// protocolOf gives how a port is asked: one that is not known is connected to and
// listened to.
func protocolOf(port uint16) *protocol {
	if p := protocols[port]; p != nil {
		return p
	}
	return &unnamed
}

// speaksTLS tells whether a port's protocol begins with TLS: HTTPS, LDAPS, IMAPS,
// POP3S, the global catalogue's, WinRM's.
func speaksTLS(port uint16) bool {
	switch port {
	case 443, 636, 993, 995, 3269, 4443, 5986, 8443, 9443, 10443:
		return true
	}
	return false
}
