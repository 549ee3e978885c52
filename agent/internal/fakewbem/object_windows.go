package fakewbem

import "unsafe"

// Object is an IWbemClassObject: an instance, a class, or a method's parameters.
type Object struct {
	head
	Values map[string]Value
	// Methods are a class's, each with its parameters, nil when it has none.
	Methods map[string]*Object

	set []Setting
}

// another is an instance of its own with the same properties.
func (o *Object) another() *Object { return &Object{Values: o.Values, Methods: o.Methods} }

func get(o *Object, name *uint16, _ uintptr, out *variant, cim *uint32, _ uintptr) uintptr {
	v, ok := o.Values[wideText(name)]
	if !ok {
		return NotFound
	}
	*cim = v.CIM
	out.kind = v.Kind
	if v.Kind&Array == 0 {
		out.value = v.word()
		return 0
	}
	elements, _ := v.Data.([]any)
	array, _, _ := safeArrayCreateVector.Call(uintptr(v.Kind&^Array), 0, uintptr(len(elements)))
	for i, data := range elements {
		index, element := int32(i), Value{Kind: v.Kind &^ Array, Data: data}
		word := element.word()
		if element.Kind != BSTR {
			_, _, _ = safeArrayPutElement.Call(array, uintptr(unsafe.Pointer(&index)), uintptr(unsafe.Pointer(&word)))
			continue
		}
		// The array has a copy.
		_, _, _ = safeArrayPutElement.Call(array, uintptr(unsafe.Pointer(&index)), uintptr(word))
		_, _, _ = sysFreeString.Call(uintptr(word))
	}
	out.value = uint64(array)
	return 0
}

// word is what stands in a VARIANT; a string is a new one.
func (v *Value) word() uint64 {
	switch data := v.Data.(type) {
	case string:
		return newText(data)
	case uint64:
		return data
	}
	return 0
}

func put(o *Object, name *uint16, _ uintptr, v *variant, _ uintptr) uintptr {
	s := Setting{Name: wideText(name), Kind: v.kind}
	var ok bool
	if s.Text, ok = read(v); !ok {
		return NotSupported
	}
	o.set = append(o.set, s)
	return 0
}

func spawnInstance(o *Object, _ uintptr, out *uintptr) uintptr {
	*out = o.another().give(&objects)
	return 0
}

func getMethod(o *Object, name *uint16, _ uintptr, in *uintptr, _ uintptr) uintptr {
	parameters, ok := o.Methods[wideText(name)]
	if !ok {
		return NotFound
	}
	if parameters != nil {
		*in = parameters.give(&objects)
	}
	return 0
}
