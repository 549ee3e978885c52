package probe

import (
	"context"
	"os"
	"strconv"
	"syscall"

	"github.com/osiriscare/osiris/shared/check"
)

// From the kernel's include/uapi/linux/timex.h.
const (
	staUnsync = 0x40
	timeError = 5
)

func (p *Probe) readTime(context.Context) (check.Facts, error) {
	var t syscall.Timex // modes 0: nothing is set
	state, err := syscall.Adjtimex(&t)
	if err != nil {
		return nil, os.NewSyscallError("adjtimex", err)
	}
	flag := "no"
	if t.Status&staUnsync != 0 || state == timeError {
		flag = "yes"
	}
	facts := check.Facts{
		{Name: check.FactClockUnsynchronised, Value: flag},
		{Name: check.FactClockMaxError, Value: strconv.FormatInt(int64(t.Maxerror), 10)},
	}
	addOffset(&facts, check.FactClockOffset, p.Clock)
	return facts, nil
}
