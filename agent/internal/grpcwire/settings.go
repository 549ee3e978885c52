package grpcwire

import "encoding/binary"

// Setting identifiers, RFC 9113 section 6.5.2.
const (
	settingPush       = 0x2
	settingStreams    = 0x3
	settingWindow     = 0x4
	settingFrame      = 0x5
	settingHeaderList = 0x6
	headerTable       = 4096
	maxPermittedFrame = 1<<24 - 1
	unlimited         = 1<<32 - 1
)

// settings are the peer's limits on us.
type settings struct {
	streams, window, headerList uint32
}

var defaultSettings = settings{streams: unlimited, window: defaultWindow, headerList: unlimited}

// read applies the body of a SETTINGS frame. The peer's frame size is checked
// and then ignored: our frames are never above the least it may name.
func (s *settings) read(b []byte) error {
	if len(b)%6 != 0 {
		return fault(codeFrameSize, "SETTINGS of %d bytes", len(b))
	}
	for ; len(b) > 0; b = b[6:] {
		v := binary.BigEndian.Uint32(b[2:])
		switch binary.BigEndian.Uint16(b) {
		case settingPush:
			if v != 0 {
				return fault(codeProtocol, "server set ENABLE_PUSH to %d", int(v))
			}
		case settingStreams:
			s.streams = v
		case settingWindow:
			if v > maxWindow {
				return fault(codeFlow, "initial window of %d bytes", int(v))
			}
			s.window = v
		case settingFrame:
			if v < maxFrame || v > maxPermittedFrame {
				return fault(codeProtocol, "maximum frame size of %d bytes", int(v))
			}
		case settingHeaderList:
			s.headerList = v
		}
	}
	return nil
}

// appendSettings writes ours: no push, and the limits that are not the default.
func appendSettings(b []byte, cfg *Config) []byte {
	ours := [...]struct {
		id uint16
		v  uint32
	}{{settingPush, 0}, {settingWindow, uint32(cfg.Window)}, {settingHeaderList, uint32(cfg.MaxHeaderList)}}
	b = appendHead(b, 6*len(ours), frameSettings, 0, 0)
	for _, s := range ours {
		b = binary.BigEndian.AppendUint16(b, s.id)
		b = binary.BigEndian.AppendUint32(b, s.v)
	}
	return b
}
