package probe

import (
	"slices"
	"testing"

	"github.com/osiriscare/osiris/shared/check"
)

func TestAVolumeAtTheLimitDoesNotFlap(t *testing.T) {
	var m marks
	const total = 1000 << 20
	var story []string
	// Free space in hundredths of a percent; the limit is 10 %.
	for _, free := range []uint64{1050, 990, 1010, 1180, 1191, 1185, 995, 700, 899, 902, 1103} {
		var facts check.Facts
		m.add(&facts, "D:", &size{total, 5 * total / 10})
		m.add(&facts, "C:", &size{total, total / 10000 * free})
		v := check.Judge(check.DiskSpace, facts, check.Facts{{Name: "ignore_below_mb", Value: "0"}, {Name: "enough_mb", Value: "900"}}.Get)
		story = append(story, v.Status.String())
	}
	want := []string{"pass", "fail", "fail", "fail", "pass", "pass", "fail", "fail", "fail", "fail", "pass"}
	if !slices.Equal(story, want) {
		t.Errorf("the verdicts are\n%v; want\n%v", story, want)
	}
	if len(m) != 2 {
		t.Errorf("there are %d marks", len(m))
	}
}

func TestALockedVolumeLeavesNoMark(t *testing.T) {
	var m marks
	var facts check.Facts
	m.add(&facts, "D:", &size{})
	m.add(&facts, "D:", &size{100, 50})
	want := check.Facts{{Name: check.FactVolume, Value: "0 0 D:"}, {Name: check.FactVolume, Value: "100 50 D:"}}
	if !slices.Equal(facts, want) {
		t.Errorf("facts = %v; want %v", facts, want)
	}
}
