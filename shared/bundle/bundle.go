// Package bundle is one piece of evidence as files: bundle.json (what happened),
// bundle.sig (who says so) and bundle.proof (that it stands in the log), and
// their verification from files alone (DESIGN D29, D30, D32).
//
// bundle.json is signed as the exact bytes that Encode gives and holds no
// position in the log. Times are RFC 3339, UTC, milliseconds. Every field is
// always present, in the order of the struct; a later version adds fields under
// another version string, so that old evidence stays readable.
//
// bundle.sig is four lines of text (Sig). It carries the trust chain under
// which the signer was endorsed when it signed, and the log entry holds its
// hash, so neither file can be swapped. bundle.proof is logproof.Proof.
//
// VerifyFolder judges one folder, VerifyTree an export with all its folders.
// Results: proven (exit code 0), broken (1, each problem names its file),
// unpinned (3: consistent, but it is not known who the signer is, or no witness
// has cosigned yet). What verification cannot show is in Limits.
package bundle

// Version is the only version of bundle.json there is.
const Version = "1.0"

// Names of the files in a bundle's folder. The last is made by others
// (OpenTimestamps) and is not judged here.
const (
	FileJSON  = "bundle.json"
	FileSig   = "bundle.sig"
	FileProof = "bundle.proof"
	FileOTS   = "bundle.ots"

	// DirPartial, in the root of an export, is where folders are put together.
	DirPartial = ".partial"

	// DirTiles, in the root of an export, has each log as C2SP tlog-tiles in a
	// folder named for its epoch. The tiles are for other tools and not judged
	// here; the checkpoint beside them says how long the log was at least.
	DirTiles = "tlog"
)

// Kinds of bundles. Every record accepted from an agent or sensor yields one
// bundle of the first six; the others are the appliance's own acts.
const (
	KindDrift       = "drift"       // a check changed to fail or unknown
	KindResolution  = "resolution"  // a check changed to pass
	KindState       = "state"       // all verdicts of a host
	KindResult      = "result"      // outcome of a command
	KindGap         = "gap"         // records lost before they arrived, or scans that were missed
	KindObservation = "observation" // anything else a host reported
	KindCommand     = "command"     // an order to a host, logged before it is sent
	KindEscalation  = "escalation"  // handed to a person
	KindEnrolment   = "enrolment"   // a device joined, was approved or refused
	KindTier        = "tier"        // what may be done to a host changed
	KindEpoch       = "epoch"       // first entry of a log
	KindSuperseded  = "superseded"  // what a source said of a host that an agent watches now no longer counts
)

// Keys of the post_state of a superseded bundle: the source that no longer counts,
// and the one that does. Its pre_state has the checks and what was last said of them.
const (
	StateSource = "source"
	StateBy     = "by"
)

// Outcomes.
const (
	OutcomeSuccess  = "success"
	OutcomeFailed   = "failed"
	OutcomeReverted = "reverted"
	OutcomeDeferred = "deferred"
	OutcomeAlert    = "alert"
	OutcomeRejected = "rejected"
	OutcomeNone     = "none"
)

// Bundle is the content of bundle.json.
type Bundle struct {
	Version        string            `json:"version"`   // set by Encode
	BundleID       string            `json:"bundle_id"` // UUID; see ID
	Kind           string            `json:"kind"`      // one of the Kind constants
	SiteID         string            `json:"site_id"`   //
	ApplianceID    string            `json:"appliance_id"`
	HostID         string            `json:"host_id"`     // opaque, given by the appliance; empty for its own acts
	Hostname       string            `json:"hostname"`    //
	DeviceType     string            `json:"device_type"` // workstation, server or empty
	Source         string            `json:"source"`      // agent, sensor, appliance
	AgentID        string            `json:"agent_id"`    // with queue_id and seq: the record this proves
	QueueID        string            `json:"queue_id"`    // hexadecimal
	Seq            uint64            `json:"seq"`
	RecordID       string            `json:"record_id"` // hexadecimal
	DeploymentMode string            `json:"deployment_mode"`
	CheckID        string            `json:"check_id"`
	DriftType      string            `json:"drift_type"`
	Severity       string            `json:"severity"`
	Phase          string            `json:"phase"`
	Outcome        string            `json:"outcome"` // one of the Outcome constants
	Verdict        *Verdict          `json:"verdict"`
	Verdicts       []Verdict         `json:"verdicts"` // state reports
	PreState       map[string]string `json:"pre_state"`
	PostState      map[string]string `json:"post_state"`
	Actions        []Action          `json:"actions"`
	HIPAAControls  []string          `json:"hipaa_controls"` // 164.312(b), primary first
	IncidentID     string            `json:"incident_id"`
	Level          string            `json:"level"` // who decided: L1, L2, L3 or empty
	RunbookID      string            `json:"runbook_id"`
	RunbookHash    string            `json:"runbook_hash"` // hexadecimal
	CommandID      string            `json:"command_id"`   // hexadecimal
	OrderID        string            `json:"order_id"`
	Gap            *Gap              `json:"gap"`
	Epoch          *Epoch            `json:"epoch"`
	NTP            *NTP              `json:"ntp_verification"` // null when not measured
	PolicyVersion  uint64            `json:"policy_version"`
	TrustVersion   uint64            `json:"trust_version"`
	Scrubber       string            `json:"scrubber_version"`
	AgentTime      Time              `json:"agent_time"`    // by the host's clock
	ReceivedTime   Time              `json:"received_time"` // by the appliance's clock
	MadeTime       Time              `json:"made_time"`     // of this bundle; names the folder's day
	Appliance      string            `json:"appliance_version"`
	Summary        string            `json:"summary"` // one sentence for people
}

// Verdict is a judged check.
type Verdict struct {
	CheckID    string `json:"check_id"`
	Status     string `json:"status"` // pass, fail, unknown, not_applicable
	Severity   string `json:"severity"`
	Actual     string `json:"actual"`
	Expected   string `json:"expected"`
	Reason     string `json:"reason"`
	Facts      []Fact `json:"facts"`
	ObservedAt Time   `json:"observed_at"`
	Cause      string `json:"cause"`
}

// Fact is one value a verdict rests on.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Action is one step that was taken.
type Action struct {
	Step       string `json:"step"`
	OK         bool   `json:"ok"`
	Detail     string `json:"detail"`
	StartedAt  Time   `json:"started_at"`
	DurationMs int64  `json:"duration_ms"`
}

// Gap says which records of a queue never arrived.
type Gap struct {
	From   uint64 `json:"from"`
	To     uint64 `json:"to"`
	Count  uint64 `json:"count"`
	Reason string `json:"reason"`
}

// Epoch is the content of a log's entry 0: the keys registered for it and, after
// a loss, what the log before it had last been witnessed at.
type Epoch struct {
	Origin         string `json:"origin"`
	CommandKey     string `json:"command_key"` // raw public key, hexadecimal
	BundleKey      string `json:"bundle_key"`
	LogVKey        string `json:"log_vkey"`
	LastCheckpoint string `json:"last_checkpoint"` // signed note of the log before; empty in epoch 0
	KeptSize       uint64 `json:"kept_size"`       // entries of the log before that both sides hold
	LocalSize      uint64 `json:"local_size"`      // entries of the log before that the appliance held
	Reason         string `json:"reason"`
}

// NTP is a measurement of the appliance's clock.
type NTP struct {
	Synchronised bool    `json:"synchronised"`
	Source       string  `json:"source"`
	OffsetMs     float64 `json:"offset_ms"`
	MaxErrorMs   float64 `json:"max_error_ms"`
	MeasuredAt   Time    `json:"measured_at"`
}
