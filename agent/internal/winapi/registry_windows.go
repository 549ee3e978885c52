package winapi

import (
	"strings"
	"syscall"
	"unsafe"
)

const (
	wow64Key64 = 0x0100 // KEY_WOW64_64KEY
	keySet     = 0x0002 // KEY_SET_VALUE

	errMoreData = syscall.Errno(234)
	errNoMore   = syscall.Errno(259)

	// maxValue bounds what one value may bring: PendingFileRenameOperations, the
	// longest one we read, has some kilobytes.
	maxValue = 1 << 20
	maxKeys  = 10000
)

// RegRead reads one value. The empty name is the key's default value.
func RegRead(key, name string) (Value, error) {
	h, code := openKey(key, syscall.KEY_QUERY_VALUE)
	if code != 0 {
		return Value{}, fail("RegOpenKeyEx", key, code)
	}
	defer syscall.RegCloseKey(h) //nolint:errcheck // only read
	data := make([]byte, 256)
	for {
		var kind uint32
		n := uint32(len(data))
		err := syscall.RegQueryValueEx(h, wide(name), nil, &kind, &data[0], &n)
		if err == errMoreData && n <= maxValue { //nolint:errorlint // syscall does not wrap
			// Somebody may make it longer meanwhile, so it is asked for again.
			data = make([]byte, max(int(n), 2*len(data)))
			continue
		}
		if err != nil {
			return Value{}, fail("RegQueryValueEx", key+`\`+name, errno(err))
		}
		return parseValue(kind, data[:n]), nil
	}
}

// RegKeys lists the names of a key's sub-keys.
func RegKeys(key string) ([]string, error) {
	h, code := openKey(key, syscall.KEY_ENUMERATE_SUB_KEYS)
	if code != 0 {
		return nil, fail("RegOpenKeyEx", key, code)
	}
	defer syscall.RegCloseKey(h) //nolint:errcheck // only read
	var names []string
	var name [256]uint16 // 255 is the limit of a key's name
	for i := range uint32(maxKeys) {
		n := uint32(len(name))
		err := syscall.RegEnumKeyEx(h, i, &name[0], &n, nil, nil, nil, nil)
		if err == errNoMore { //nolint:errorlint // syscall does not wrap
			return names, nil
		}
		if err != nil {
			return nil, fail("RegEnumKeyEx", key, errno(err))
		}
		names = append(names, syscall.UTF16ToString(name[:n]))
	}
	return nil, fail("RegEnumKeyEx", key, TooMuch)
}

// RegExists tells whether a key is there.
func RegExists(key string) (bool, error) {
	h, code := openKey(key, syscall.KEY_QUERY_VALUE)
	if code.Is(ErrNotExist) {
		return false, nil
	}
	if code != 0 {
		return false, fail("RegOpenKeyEx", key, code)
	}
	return true, fail("RegCloseKey", key, errno(syscall.RegCloseKey(h)))
}

// RegSetDWORD sets a value and makes its key if need be.
func RegSetDWORD(key, name string, v uint32) error {
	return regSet(key, name, RegDWORD, unsafe.Pointer(&v), 4)
}

// RegSetString sets a REG_SZ and makes its key if need be.
func RegSetString(key, name, text string) error {
	units, err := syscall.UTF16FromString(text)
	if err != nil {
		return fail("RegSetValueEx", key+`\`+name, errno(err))
	}
	return regSet(key, name, RegString, unsafe.Pointer(&units[0]), 2*len(units))
}

func regSet(key, name string, kind uint32, data unsafe.Pointer, n int) error {
	root, path, ok := splitKey(key)
	if !ok {
		return fail("RegCreateKeyEx", key, 87)
	}
	var h syscall.Handle
	r, code := call(advapi32, "RegCreateKeyExW", uintptr(root), uintptr(unsafe.Pointer(wide(path))), 0, 0, 0, keySet|wow64Key64, 0, uintptr(unsafe.Pointer(&h)), 0)
	if code = result(r, code); code != 0 {
		return fail("RegCreateKeyEx", key, code)
	}
	defer syscall.RegCloseKey(h) //nolint:errcheck // the value is set or not
	r, code = call(advapi32, "RegSetValueExW", uintptr(h), uintptr(unsafe.Pointer(wide(name))), 0, uintptr(kind), uintptr(data), uintptr(n))
	return fail("RegSetValueEx", key+`\`+name, result(r, code))
}

// RegDelete removes a value. One that is not there is no error.
func RegDelete(key, name string) error {
	h, code := openKey(key, keySet)
	if code.Is(ErrNotExist) {
		return nil
	}
	if code != 0 {
		return fail("RegOpenKeyEx", key, code)
	}
	defer syscall.RegCloseKey(h) //nolint:errcheck // the value is gone or not
	r, code := call(advapi32, "RegDeleteValueW", uintptr(h), uintptr(unsafe.Pointer(wide(name))))
	if code = result(r, code); code.Is(ErrNotExist) {
		return nil
	}
	return fail("RegDeleteValue", key+`\`+name, code)
}

// result is the code of a function that returns its error.
func result(r uintptr, missing Code) Code {
	if missing == Missing {
		return Missing
	}
	return Code(r)
}

func openKey(key string, access uint32) (syscall.Handle, Code) {
	root, path, ok := splitKey(key)
	if !ok {
		return 0, 87 // ERROR_INVALID_PARAMETER
	}
	var h syscall.Handle
	err := syscall.RegOpenKeyEx(root, wide(path), 0, access|wow64Key64, &h)
	return h, errno(err)
}

func splitKey(key string) (syscall.Handle, string, bool) {
	root, path, _ := strings.Cut(key, `\`)
	switch root {
	case "HKLM":
		return syscall.HKEY_LOCAL_MACHINE, path, true
	case "HKU":
		return syscall.HKEY_USERS, path, true
	}
	return 0, "", false
}
