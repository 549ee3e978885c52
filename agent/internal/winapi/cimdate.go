package winapi

import (
	"strconv"
	"time"
)

// cimTime turns a CIM date, yyyymmddHHMMSS.mmmmmmsUUU with its offset in
// minutes, into RFC 3339 in UTC, and an interval, ddddddddHHMMSS.mmmmmm:000,
// into seconds. Other text, such as a date with wildcards, stays as it is: the
// reader then cannot take it for a date ([MS-WMIO] 2.2.1.1, learn.microsoft.com
// "CIM_DATETIME", read 2026-11-22).
func cimTime(text string) string {
	if len(text) != 25 || text[14] != '.' {
		return text
	}
	var n [7]int // year, month, day, hour, minute, second, offset
	for i, at := range [7][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 12}, {12, 14}, {22, 25}} {
		part := text[at[0]:at[1]]
		for _, c := range []byte(part) {
			if c < '0' || c > '9' {
				return text
			}
		}
		n[i], _ = strconv.Atoi(part) // only digits, at most four
	}
	switch text[21] {
	case ':':
		days := n[0]*10000 + n[1]*100 + n[2]
		return strconv.Itoa(((days*24+n[3])*60+n[4])*60 + n[5])
	case '-':
		n[6] = -n[6]
	case '+':
	default:
		return text
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	if t.Day() != n[2] || int(t.Month()) != n[1] || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return text // time.Date would move it into another month or day
	}
	return t.Add(-time.Duration(n[6]) * time.Minute).Format(time.RFC3339)
}
