package service

// eventKind finds the level in a line of package say: 1 information, 2 warning,
// 3 error. It stands after the time, which has 24 characters, in JSON behind
// `{"time":"` and `","level":"`.
func eventKind(line []byte) int {
	at := 25
	if len(line) > 0 && line[0] == '{' {
		at = 44
	}
	if len(line) > at {
		switch line[at] | 0x20 {
		case 'w':
			return 2
		case 'e':
			return 3
		}
	}
	return 1
}
