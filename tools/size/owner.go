package main

import (
	"net/url"
	"path"
	"strings"
)

// packageOf is the import path of the package that a symbol of the linker belongs
// to, "" where its name does not say.
func packageOf(name string) string {
	for _, made := range []string{"type:.eq.", "type:.hash.", "go:itab.", "go:typeAssert.", "go:interfaceSwitch."} {
		name = strings.TrimPrefix(name, made)
	}
	name = strings.TrimLeft(name, "*")
	// Type arguments have dots and slashes of their own; so has what follows the
	// comma of an itab.
	if i := strings.IndexAny(name, "[,({ "); i >= 0 {
		if name[i] == '(' && i > 0 && name[i-1] == '.' { // a method: path.(*T).M
			i--
		} else if name[i] == '[' || name[i] == '(' || name[i] == ',' {
			name = name[:i]
			i = -1
		}
		if i >= 0 {
			name = name[:i+1]
		}
	}
	slash := strings.LastIndexByte(name, '/')
	dot := strings.IndexByte(name[slash+1:], '.')
	if dot <= 0 {
		return ""
	}
	pkg := name[:slash+1+dot]
	if strings.ContainsAny(pkg, ":$") {
		return ""
	}
	if plain, err := url.PathUnescape(pkg); err == nil { // dots of the last element
		pkg = plain
	}
	return pkg
}

// folderOf is the package of a source file in a build with -trimpath.
func folderOf(file string) string {
	folder := path.Dir(file)
	if folder == "." || strings.HasPrefix(folder, "/") {
		return ""
	}
	if module, rest, ok := strings.Cut(folder, "@"); ok { // golang.org/x/net@v0.62.0/http2/hpack
		_, rest, _ = strings.Cut(rest, "/")
		folder = path.Join(module, rest)
	}
	return folder
}
