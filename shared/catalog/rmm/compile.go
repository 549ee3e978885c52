package rmm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	trustv1 "github.com/osiriscare/osiris/proto/trust/v1"
)

// Compile makes the list that agents take. previous is the version of the list
// before, 0 for none. It refuses products that break a rule, all of them at once.
func Compile(products []Product, previous uint64, now time.Time, life time.Duration) (*trustv1.SignatureList, error) {
	if err := Check(products); err != nil {
		return nil, err
	}
	list := &trustv1.SignatureList{
		Version:  max(previous+1, uint64(max(now.Unix(), 1))),
		IssuedMs: now.UnixMilli(), ExpiresMs: now.Add(life).UnixMilli(),
	}
	for i := range products {
		p := &products[i]
		list.Products = append(list.Products, &trustv1.ProductSignature{
			Id: p.ID, Name: p.Name, BundledBy: p.BundledBy,
			Windows: p.Windows.compile(), Darwin: p.MacOS.compile(), Linux: p.Linux.compile(),
		})
	}
	slices.SortFunc(list.Products, func(a, b *trustv1.ProductSignature) int {
		return cmp.Compare(strings.ToLower(a.GetName()), strings.ToLower(b.GetName()))
	})
	if err := Validate(list); err != nil {
		return nil, fmt.Errorf("compiling products: %w", err)
	}
	return list, nil
}

// programs is both of Windows' folders for programs.
const programs = "%Programs%"

func (m *Marks) compile() *trustv1.ProductMarks {
	if m.empty() {
		return nil
	}
	return &trustv1.ProductMarks{
		Services: m.Services, Titles: m.Titles, Processes: both(m.Processes), Paths: both(m.Paths),
		Packages: m.Packages, Keys: m.Keys,
	}
}

func (m *Marks) empty() bool {
	return len(m.Services)+len(m.Titles)+len(m.Processes)+len(m.Paths)+len(m.Packages)+len(m.Keys) == 0
}

// both puts both folders in the place of %Programs%.
func both(patterns []string) []string {
	var all []string
	for _, p := range patterns {
		rest, ok := strings.CutPrefix(p, programs)
		if !ok {
			all = append(all, p)
			continue
		}
		all = append(all, "%ProgramFiles%"+rest, "%ProgramFiles(x86)%"+rest)
	}
	return all
}
