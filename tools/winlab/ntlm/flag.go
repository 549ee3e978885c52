package ntlm

// Negotiate flags, [MS-NLMP] 2.2.2.5.
const (
	flagUnicode          = 0x00000001
	flagOEM              = 0x00000002
	flagRequestTarget    = 0x00000004
	flagSign             = 0x00000010
	flagSeal             = 0x00000020
	flagNTLM             = 0x00000200
	flagAlwaysSign       = 0x00008000
	flagTargetDomain     = 0x00010000
	flagExtendedSecurity = 0x00080000
	flagTargetInfo       = 0x00800000
	flagVersion          = 0x02000000
	flag128              = 0x20000000
	flagKeyExchange      = 0x40000000
	flag56               = 0x80000000

	flagsSupported = flagUnicode | flagOEM | flagRequestTarget | flagSign | flagSeal | flagNTLM |
		flagAlwaysSign | flagExtendedSecurity | flagTargetInfo | flagVersion | flag128 |
		flagKeyExchange | flag56
)
