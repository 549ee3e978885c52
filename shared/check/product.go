package check

import "strconv"

// productState of root\SecurityCenter2 has no public description; these two bits
// are how its readers have understood it since Windows 7 (domain notes 4.2).
const (
	productIsOn  = 0x1000
	productIsOld = 0x10 // signatures out of date
)

// productBits is a product's productState; 0 when it is no number.
func productBits(product Facts) uint64 {
	bits, err := strconv.ParseUint(product.text("productState"), 10, 32)
	if err != nil {
		return 0
	}
	return bits
}
