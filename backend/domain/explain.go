package domain

// Explanation is everything in force for a host, and where it comes from.
type Explanation struct {
	Name     string    `json:"name"`     // the host as it was asked for
	Settings []Setting `json:"settings"` // by keyword, those that something changed first
	Source   string    `json:"source"`   // who worked them out: "own" or "ssh -G"
	Reason   string    `json:"reason"`   // why it was that one; "" where there is nothing to say
}

// Setting is one keyword of ssh_config(5).
type Setting struct {
	Keyword  string         `json:"keyword"` // in lower case, as ssh -G prints it
	Values   []SettingValue `json:"values"`
	Expanded []string       `json:"expanded"` // what the values come to, where that isn't what is written
	Changed  bool           `json:"changed"`  // something was set for this host; otherwise it is a default of ssh
}

// SettingValue is a value and its place. Without File and Given it is a default, or of an unknown place with Changed.
type SettingValue struct {
	Value string `json:"value"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	Given bool   `json:"given"` // it came with the question: the user or port that the VM has in the app
}

// CheckStep is one step of making a connection.
type CheckStep struct {
	Host   string    `json:"host"` // the machine it is about, a jump host or the last one, as ssh_config names it
	Kind   StepKind  `json:"kind"`
	State  StepState `json:"state"`
	Micros int64     `json:"micros"` // how long it took
	Text   string    `json:"text"`   // what was found; "" where nothing was
	Error  *Error    `json:"error"`  // set with StepFailed
}

// StepKind names a step.
type StepKind string

// The steps, in order.
const (
	StepSettings StepKind = "settings" // what ssh_config says
	StepLookUp   StepKind = "lookup"   // name to address
	StepTCP      StepKind = "tcp"
	StepProxy    StepKind = "proxy"    // a ProxyCommand, in place of both
	StepForward  StepKind = "forward"  // through the machine before, in place of both
	StepBanner   StepKind = "banner"   // the server's first words
	StepHostKey  StepKind = "host_key" // key exchange and known_hosts
	StepLogin    StepKind = "login"
	StepShell    StepKind = "shell" // whether commands run; only on the last machine
)

// StepState is how a step went.
type StepState string

const (
	StepOK         StepState = "ok"
	StepFailed     StepState = "failed"
	StepNotReached StepState = "not_reached" // a step before it failed
)

// ConnectionCheck is a connection made step by step, which changed nothing.
type ConnectionCheck struct {
	Name   string      `json:"name"`
	OK     bool        `json:"ok"`
	Micros int64       `json:"micros"`
	Steps  []CheckStep `json:"steps"`
}
