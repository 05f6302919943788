package domain

// FoundHost is a host that a source offers.
type FoundHost struct {
	Alias        string      `json:"alias"`
	User         string      `json:"user"`
	Host         string      `json:"host"`
	Port         int         `json:"port"` // 0: not written in the file
	Jump         string      `json:"jump"`
	IdentityFile string      `json:"identityFile"`
	File         string      `json:"file"` // where its Host line is
	Line         int         `json:"line"`
	Environment  Environment `json:"environment"` // a guess from the alias
	Provider     string      `json:"provider"`    // a guess from the host name
	Forge        bool        `json:"forge"`       // github, gitlab, bitbucket: gives no shell
	Warnings     []string    `json:"warnings"`    // e.g. the identity file is missing
}

// FieldChange is one acknowledged value that the file now says differently.
type FieldChange struct {
	Field string `json:"field"` // "host" | "user" | "port" | "jump" | "identityFile"
	Old   string `json:"old"`
	New   string `json:"new"`
}

// ChangedHost is a VM whose lines in the file changed since the last review.
type ChangedHost struct {
	VM      VM            `json:"vm"`
	Found   FoundHost     `json:"found"`
	Changes []FieldChange `json:"changes"`
}

// ConfigProblem is a line of ssh_config that could not be used. The rest of the file was.
type ConfigProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// LookedAt is a file the discovery read, or tried to.
type LookedAt struct {
	Path  string `json:"path"`
	State string `json:"state"` // "read" | "missing" | "unreadable"
	Hosts int    `json:"hosts"`
	Error string `json:"error"`
}

// Review is what a look at the sources found, against what is known. Nothing is taken in without a tick.
type Review struct {
	New      []FoundHost     `json:"new"`
	Changed  []ChangedHost   `json:"changed"`
	Gone     []VM            `json:"gone"`
	Problems []ConfigProblem `json:"problems"`
	Files    []LookedAt      `json:"files"`
	Known    int             `json:"known"` // hosts that are taken in and unchanged
}

// TakeHost is a ticked row under New, with what the person made of the guesses.
type TakeHost struct {
	Alias       string      `json:"alias"`
	Name        string      `json:"name"`
	Environment Environment `json:"environment"`
	Tags        []string    `json:"tags"`
}

// ReviewDecision is the ticked rows. Aliases that the file no longer has are refused as a conflict.
type ReviewDecision struct {
	Take        []TakeHost `json:"take"`
	Acknowledge []string   `json:"acknowledge"` // ids of changed VMs
	Remove      []string   `json:"remove"`      // ids of gone VMs
}

// ConnectionTest is the answer of "Test connection".
type ConnectionTest struct {
	OK        bool   `json:"ok"`
	Millis    int64  `json:"millis"`    // from start to an answered command
	Connected string `json:"connected"` // user@address:port as really used
	Server    string `json:"server"`    // the server's version banner
	Error     *Error `json:"error"`
}
