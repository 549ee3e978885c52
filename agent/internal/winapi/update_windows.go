package winapi

import (
	"context"
	"strings"
)

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
		session, err := create("UpdateSession", &clsidSession, &iidSession)
		if err != nil {
			return err
		}
		a := automation{given: []*object{session}}
		updates = a.search(session)
		a.free(0)
		return fail("IUpdateSearcher.Search", "", a.code)
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
		var a automation
		required = a.flag(o, 8)
		o.release()
		return fail("ISystemInformation.RebootRequired", "", a.code)
	})
	return err == nil && required, err
}

// search works on an IUpdateSession.
func (a *automation) search(session *object) (updates []Update) {
	searcher := a.child(session, 12, alone) // CreateUpdateSearcher
	criteria := newBSTR("IsInstalled=0 and IsHidden=0 and Type='Software'")
	found := a.child(searcher, 19, criteria.arg()) // Search
	criteria.free()
	// OperationResultCode 3 is "with errors": some updates may be missing.
	if state := int32(a.get(found, 7, alone)); a.code == 0 && state != 2 {
		a.code = ProviderFailed
	}
	list := a.child(found, 9, alone) // get_Updates
	for i := range a.count(list, 10) {
		n := len(a.given)
		updates = append(updates, Update{})
		a.update(a.child(list, 7, i), &updates[i]) // get_Item
		a.free(n)
	}
	return updates
}

// update reads an IUpdate.
func (a *automation) update(o *object, u *Update) {
	u.ID = a.text(a.child(o, 19, alone), 8, alone)
	u.Title, u.Severity = a.text(o, 7, alone), a.text(o, 34, alone)
	u.Downloaded, u.Published = a.flag(o, 23), a.date(o, 30)
	articles := a.child(o, 46, alone) // get_KBArticleIDs, an IStringCollection
	for i := range a.count(articles, 10) {
		u.KB = append(u.KB, a.text(articles, 7, i))
	}
	categories := a.child(o, 11, alone) // an ICategoryCollection
	for i := range a.count(categories, 9) {
		u.Security = u.Security || strings.ToLower(a.text(a.child(categories, 7, i), 8, alone)) == securityUpdates
	}
}
