package api

import (
	"encoding/hex"
	"strconv"
	"strings"

	centralv1 "github.com/osiriscare/osiris/proto/central/v1"
)

// targeted is what the audit log says of a target: all that decides where a
// credential goes, how well it is guarded, and whether the host may be changed. What
// is long comes last, because the log clips.
func targeted(m *centralv1.AddTargetRequest) string {
	t := m.GetTarget()
	said := []string{t.GetName() + ": " + word(t) + " " + t.GetHost() + " with " + t.GetCredential()}
	for _, f := range []struct {
		set   bool
		words string
	}{
		{t.GetLab(), "lab: may be changed"},
		{m.GetReplace(), "replaced"},
		{t.GetPort() != 0, "port " + strconv.FormatUint(uint64(t.GetPort()), 10)},
		{t.GetTlsName() != "", "named " + t.GetTlsName()},
		{t.GetHttp(), "http"},
		{t.GetAllowBasic(), "basic allowed"},
		{t.GetAllowPlain(), "plain text allowed"},
		{len(t.GetPin()) != 0, "pin " + hex.EncodeToString(t.GetPin())},
		{t.GetObjectGuid() != "", "computer account " + t.GetObjectGuid()},
		{t.GetApplianceId() != "", "by appliance " + t.GetApplianceId()},
		{t.GetDomain() != "", "domain " + t.GetDomain()},
		{t.GetScanWith() != "", "scans with " + t.GetScanWith()},
		{len(t.GetIncludeOus()) != 0, "only " + strings.Join(t.GetIncludeOus(), " | ")},
		{len(t.GetExcludeOus()) != 0, "not " + strings.Join(t.GetExcludeOus(), " | ")},
		{len(t.GetExcludeGroups()) != 0, "not of " + strings.Join(t.GetExcludeGroups(), " | ")},
	} {
		if f.set {
			said = append(said, f.words)
		}
	}
	return strings.Join(said, ", ")
}

func word(t *centralv1.Target) string {
	return strings.ToLower(strings.TrimPrefix(t.GetKind().String(), "TARGET_KIND_"))
}
