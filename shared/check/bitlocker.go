package check

import "strings"

// Facts of bitlocker, beside the host's.
const (
	FactEncryptable = "volume" // a row: DeviceID, DriveLetter, ProtectionStatus, ConversionStatus
	FactFixedDisk   = "disk"   // a row for each volume on a fixed disk: DeviceID (D:)
)

var bitlockerParameters = []Parameter{
	{"data_volumes", "yes"},
	// A server without the feature has nothing that could be asked.
	{"server_without_feature", "not_applicable"},
}

// volumeStates goes from ProtectionStatus and ConversionStatus of
// Win32_EncryptableVolume to words. The conversion counts, not its percentage.
var volumeStates = [...]struct{ status, severity, words string }{
	{"11", "", "encrypted"},
	{"01", High, "suspended"},
	{"2", Medium, "being encrypted"},
	{"4", High, "half encrypted"},
	{"3", Critical, "being decrypted"},
	{"5", Critical, "half decrypted"},
	{"0", Critical, "not encrypted"},
}

// volumeState: a locked volume, or one whose conversion could not be asked, has
// no words.
func volumeState(r Facts) (severity, words string) {
	both := r.text("ProtectionStatus") + r.text("ConversionStatus")
	for i := range &volumeStates {
		s := &volumeStates[i]
		if len(both) == 2 && strings.HasSuffix(both, s.status) {
			return s.severity, s.words
		}
	}
	return "", ""
}

// judgeBitLocker wants the system volume, and by policy every other volume on a
// fixed disk, encrypted with the protection on. Windows Home has the same engine
// where the hardware has device encryption.
func judgeBitLocker(d *definition, f Facts, p Parameters, v *Verdict) {
	v.Expected = "encrypted and protected"
	system, failure := f.text(FactSystemDrive), f.text(FactEncryptable+ErrorSuffix)
	worst, systemWords, unread, what := "", "", "", ""
	data := d.get(p, "data_volumes") == "yes"
	var r Facts
	for i := 0; f.next(FactEncryptable, &i, &r); {
		letter := r.text("DriveLetter")
		if letter == "" || letter != system && (!data || !f.hasDisk(letter)) {
			continue
		}
		severity, words := volumeState(r)
		if letter == system {
			systemWords = or(words, "locked")
		}
		switch {
		case words == "":
			unread = join(unread, letter)
		case severity != "":
			what = join(what, letter+" "+words)
			if rank(severity) > rank(worst) {
				worst = severity
			}
		}
	}
	home := strings.HasPrefix(f.text(FactEdition), editionHome)
	switch {
	case failure == codeNamespaceMissing && f.text(FactProductType) != productWorkstation:
		text := "C||BitLocker is not installed on this server."
		if d.get(p, "server_without_feature") == "not_applicable" {
			text = "N" + text[1:]
		}
		v.end(text, "")
	case failure != "" || systemWords == "":
		v.end("U||The encryption of the disks could not be read: %.", or(failure, "nothing is listed but to an administrator"))
	case home && systemWords == "not encrypted":
		v.end(letter(worst)+"|%|edition_unsupported: Windows Home encrypts by device encryption only, which this computer does not use.", what)
	case worst != "":
		v.end(letter(worst)+"|%|Not every disk is encrypted and protected: %.", what)
	case unread != "":
		v.end("U||The encryption of % could not be read.", unread)
	default:
		v.end("P|encrypted|Every disk is encrypted and protected.", "")
	}
}

// hasDisk tells whether a letter is that of a volume on a fixed disk.
func (f Facts) hasDisk(letter string) bool {
	var r Facts
	for i := 0; f.next(FactFixedDisk, &i, &r); {
		if r.text("DeviceID") == letter {
			return true
		}
	}
	return false
}
