package prompt

const (
	getAttributes = 0x5401 // TCGETS
	setAttributes = 0x5402 // TCSETS
)
