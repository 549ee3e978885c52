package action

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/osiriscare/osiris/agent/internal/winapi"
)

// returnValue is what methods give: 0, or a code.
var returnValue = []string{"ReturnValue"}

// own are the actions of this system.
func own() []Action { return fixes }

var system windows = &windowsSystem{}

// windowsSystem is the running Windows.
type windowsSystem struct{}

func (*windowsSystem) Do(ctx context.Context, verb byte, object, value string) (rows string, err error) {
	set := value != ""
	n, _ := strconv.Atoi(value)
	now := 0
	switch verb {
	case 'r', 'l':
		value, err = registry(object, value)
	case 's', 'n', 'v', 'u', 'x':
		if set && verb == 's' {
			return "", winapi.SetServiceStart(object, uint32(n))
		}
		if set {
			return "", run(ctx, object, n)
		}
		var s winapi.Service
		s, err = winapi.QueryService(object)
		now = int(s.State)
		if verb == 's' || verb == 'n' {
			now = int(s.Start)
		} else if verb == 'x' && now != winapi.ServiceStopped {
			now = 5
		}
	case 'w':
		if set {
			return "", setInstance(ctx, object, value)
		}
		return readInstances(ctx, object)
	case 'g':
		switch value {
		case "0":
			return "", winapi.EnableAccount(object)
		case "1":
			return "", winapi.DisableAccount(object)
		}
		var disabled bool
		if object, disabled, err = winapi.Account501(); disabled {
			now = 1
		}
	case 'a':
		id, _ := strconv.Atoi(object)
		guid := []winapi.GUID{{
			A: 0x0cce9200 | uint32(id), B: 0x69ae, C: 0x11d9,
			D: [8]byte{0xbe, 0xd3, 0x50, 0x50, 0x54, 0x50, 0x30, 0x30},
		}}
		bits := []uint32{uint32(n)}
		if set {
			return "", winapi.SetAuditSystem(guid, bits)
		}
		if bits, err = winapi.AuditSystem(guid); err == nil {
			now = int(bits[0])
		}
	case 'c':
		switch value {
		case "0":
			return "", stayDeleted
		case "1":
			return "", clean(ctx, os.Getenv("SystemRoot")+`\Temp\`)
		}
		if !strings.HasPrefix(object, os.Getenv("SystemDrive")) {
			err = needPerson
		}
	}
	if err != nil || set {
		return "", err
	}
	if value == "" {
		value = strconv.Itoa(now)
	}
	return object + "\t" + value, nil
}

// registry reads a DWORD, or sets or deletes it.
func registry(object, value string) (string, error) {
	at := strings.LastIndexByte(object, '\\')
	key, name := object[:at], object[at+1:]
	switch value {
	case "":
		v, err := winapi.RegRead(key, name)
		if errors.Is(err, winapi.ErrNotExist) {
			return "-", nil
		}
		if err == nil && v.Kind != winapi.RegDWORD { // it could not be restored
			err = needPerson
		}
		return v.Text, err
	case "-":
		return "", winapi.RegDelete(key, name)
	}
	n, _ := strconv.ParseUint(value, 10, 32)
	return "", winapi.RegSetDWORD(key, name, uint32(n))
}

// run starts a service, stops it, or both.
func run(ctx context.Context, service string, state int) error {
	if state != winapi.ServiceRunning {
		if err := winapi.StopService(ctx, service); err != nil || state == winapi.ServiceStopped {
			return err
		}
	}
	return winapi.StartService(ctx, service)
}

// readInstances gives the objects of instances: N and path.
func readInstances(ctx context.Context, object string) (list string, err error) {
	in := &instances[object[0]-'0']
	rows, err := winapi.Query(ctx, in.namespace, "SELECT * FROM "+in.class+object[1:], in.properties)
	for _, row := range rows {
		if cell := &row[1]; !cell.Null {
			list += object[:1] + row[0].Text + "\t" + cell.Text + "\n"
		}
	}
	return list, err
}

func setInstance(ctx context.Context, object, value string) error {
	in := &instances[object[0]-'0']
	path, method, set := object[1:], in.method, []winapi.Param{{Name: in.properties[1], Text: value}}
	switch {
	case method == "":
		return winapi.Put(ctx, in.namespace, path, set)
	case method[0] == '+':
		set, method = nil, "Disable"+method[1:]
		if value == "1" {
			method = "En" + method[3:]
		}
	default:
		path = in.class
	}
	row, err := winapi.Exec(ctx, in.namespace, path, method, set, returnValue)
	if err != nil {
		return err
	}
	if answer := &row[0]; answer.Text != "0" && !answer.Null {
		return refusal("code " + answer.Text)
	}
	return nil
}
