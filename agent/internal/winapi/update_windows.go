package winapi

import (
	"context"
	"strings"
)

// maxUpdates bounds one answer; a machine years behind misses some hundred.
const maxUpdates = 1000

// securityUpdates is the category Security Updates (learn.microsoft.com, "Update
// classification GUIDs" of WSUS).
const securityUpdates = "0fa1201d-4330-4fa8-8ae9-b877473b6441"

var (
	clsidSession = GUID{0x4cb43d7f, 0x7eee, 0x4906, [8]byte{0x86, 0x98, 0x60, 0xda, 0x1c, 0x38, 0xf2, 0xfe}}
	iidSession   = GUID{0x816858a4, 0x260d, 0x4260, [8]byte{0x93, 0x3a, 0x25, 0x85, 0xf1, 0xab, 0xc7, 0x6b}}
	clsidSystem  = GUID{0xc01b9ba0, 0xbea7, 0x41ba, [8]byte{0xb6, 0x04, 0xd0, 0xa3, 0x6f, 0x46, 0x91, 0x33}}
	iidSystem    = GUID{0xade87bf7, 0x7b56, 0x4275, [8]byte{0x8f, 0xab, 0xb9, 0xb0, 0xe5, 0x91, 0x84, 0x4b}}
)

// PendingUpdates searches for software updates that are neither installed nor
// hidden, at the server that Windows is set to use. It may take minutes, so it
// belongs into a goroutine with a long context; one search runs at a time, and
// one that outlives its context keeps the place until it ends.
func PendingUpdates(ctx context.Context) ([]Update, error) {
	var updates []Update
	err := inApartment(ctx, updatePlaces, "IUpdateSearcher.Search", func(context.Context) error {
		o, err := create("UpdateSession", &clsidSession, &iidSession)
		if err != nil {
			return err
		}
		defer o.release()
		var code Code
		updates, code = o.search()
		return fail("IUpdateSearcher.Search", "", code)
	})
	if err != nil {
		return nil, err
	}
	return updates, nil
}

// RebootRequired asks Windows Update whether it waits for a restart.
func RebootRequired(ctx context.Context) (bool, error) {
	var required bool
	err := inApartment(ctx, wmiPlaces, "ISystemInformation.RebootRequired", func(context.Context) error {
		o, err := create("SystemInformation", &clsidSystem, &iidSystem)
		if err != nil {
			return err
		}
		defer o.release()
		var code Code
		required = automation{o, &code}.flag(8)
		return fail("ISystemInformation.RebootRequired", "", code)
	})
	return err == nil && required, err
}

// search works on an IUpdateSession.
func (o *object) search() (updates []Update, code Code) {
	session := automation{o, &code}
	searcher := session.child(12) // CreateUpdateSearcher
	defer searcher.release()
	criteria := newBSTR("IsInstalled=0 and IsHidden=0 and Type='Software'")
	defer criteria.free()
	found := searcher.child(19, criteria.arg()) // Search
	defer found.release()
	// OperationResultCode 3 is "with errors": some updates may be missing.
	if state := found.number(7); code == 0 && state != 2 {
		code = ProviderFailed
	}
	list := found.child(9) // get_Updates
	defer list.release()
	for i := range list.count(10) {
		u := list.child(7, uintptr(i)) // get_Item
		updates = append(updates, u.update())
		u.release()
	}
	return updates, code
}

// update reads an IUpdate.
func (a automation) update() Update {
	identity := a.child(19)
	defer identity.release()
	u := Update{
		ID: identity.text(8), Title: a.text(7), Severity: a.text(34), Downloaded: a.flag(23), Published: a.date(30),
	}
	articles := a.child(46) // get_KBArticleIDs, an IStringCollection
	defer articles.release()
	for i := range articles.count(10) {
		u.KB = append(u.KB, articles.text(7, uintptr(i)))
	}
	categories := a.child(11) // an ICategoryCollection
	defer categories.release()
	for i := range categories.count(9) {
		c := categories.child(7, uintptr(i))
		u.Security = u.Security || strings.EqualFold(c.text(8), securityUpdates)
		c.release()
	}
	return u
}
