package winapi

import (
	"strings"
	"syscall"
	"unsafe"
)

const (
	wow64Key64 = 0x0100 // KEY_WOW64_64KEY
	keySet     = 0x0002 // KEY_SET_VALUE

	moreData Code = 234
	noMore   Code = 259

	// maxValue bounds what one value may bring: PendingFileRenameOperations, the
	// longest one we read, has some kilobytes.
	maxValue = 1 << 20
	maxKeys  = 10000
)

// RegRead reads one value. The empty name is the key's default value.
func RegRead(key, name string) (v Value, err error) {
	h, code := openKey(key, syscall.KEY_QUERY_VALUE)
	if code != 0 {
		return v, fail("RegOpenKeyEx", key, code)
	}
	data := make([]byte, 256)
	for {
		var kind uint32
		n := uint32(len(data))
		code = errno(syscall.RegQueryValueEx(h, wide(name), nil, &kind, &data[0], &n))
		if code == 0 {
			v = parseValue(kind, data[:n])
		}
		if code != moreData || n > maxValue {
			break
		}
		// Somebody may make it longer meanwhile, so it is asked for again.
		data = make([]byte, max(int(n), 2*len(data)))
	}
	_ = syscall.RegCloseKey(h) // only read
	return v, fail("RegQueryValueEx", key+`\`+name, code)
}

// RegKeys lists the names of a key's sub-keys.
func RegKeys(key string) (names []string, err error) {
	h, code := openKey(key, syscall.KEY_ENUMERATE_SUB_KEYS)
	if code != 0 {
		return nil, fail("RegOpenKeyEx", key, code)
	}
	name := new([256]uint16) // 255 is the limit of a key's name
	for {
		n := uint32(len(name))
		code = errno(syscall.RegEnumKeyEx(h, uint32(len(names)), &name[0], &n, nil, nil, nil, nil))
		if code != 0 {
			break
		}
		if len(names) == maxKeys {
			code = TooMuch
			break
		}
		names = append(names, syscall.UTF16ToString(name[:n]))
	}
	_ = syscall.RegCloseKey(h) // only read
	if code == noMore {
		return names, nil
	}
	return nil, fail("RegEnumKeyEx", key, code)
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
	root, path := splitKey(key)
	var h syscall.Handle
	err := try(givesCode, advapi32, "RegCreateKeyExW", key, uintptr(root), uintptr(unsafe.Pointer(wide(path))), 0, 0, 0, keySet|wow64Key64, 0, uintptr(unsafe.Pointer(&h)), 0)
	if err == nil {
		err = try(givesCode, advapi32, "RegSetValueExW", key+`\`+name, uintptr(h), uintptr(unsafe.Pointer(wide(name))), 0, uintptr(kind), uintptr(data), uintptr(n))
		_ = syscall.RegCloseKey(h) // the value is set or not
	}
	return err
}

// RegDelete removes a value. One that is not there is no error.
func RegDelete(key, name string) error {
	h, code := openKey(key, keySet)
	if code == 0 {
		var r uintptr
		if r, code = call(advapi32, "RegDeleteValueW", uintptr(h), uintptr(unsafe.Pointer(wide(name)))); code != Missing {
			code = Code(r)
		}
		_ = syscall.RegCloseKey(h) // the value is gone or not
	}
	if code.Is(ErrNotExist) {
		return nil
	}
	return fail("RegDeleteValue", key+`\`+name, code)
}

func openKey(key string, access uint32) (h syscall.Handle, code Code) {
	root, path := splitKey(key)
	return h, errno(syscall.RegOpenKeyEx(root, wide(path), 0, access|wow64Key64, &h))
}

// splitKey gives no root for what is none, which Windows refuses.
func splitKey(key string) (root syscall.Handle, path string) {
	name, path, _ := strings.Cut(key, `\`)
	switch name {
	case "HKLM":
		root = syscall.HKEY_LOCAL_MACHINE
	case "HKU":
		root = syscall.HKEY_USERS
	}
	return root, path
}
