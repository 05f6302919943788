package domain

import "time"

// PromptKind is what is asked.
type PromptKind string

const (
	PromptHostKey        PromptKind = "host_key"         // trust this unknown key?
	PromptHostKeyChanged PromptKind = "host_key_changed" // shown, never asked: there is nothing to accept
	PromptPassphrase     PromptKind = "passphrase"       // of a key file
	PromptPassword       PromptKind = "password"         // of a login
	PromptQuestion       PromptKind = "question"         // keyboard-interactive, one question
)

// Hop is one step on the way to a host.
type Hop struct {
	Name  string `json:"name"`
	State string `json:"state"` // "known" | "this" | "next"
}

// Prompt is one question to the person. It never holds an answer.
type Prompt struct {
	ID      string     `json:"id"`
	Kind    PromptKind `json:"kind"`
	VMName  string     `json:"vmName"`
	Address string     `json:"address"` // user@host:port
	IP      string     `json:"ip"`      // the address really connected to
	Hops    []Hop      `json:"hops"`
	KeyType string     `json:"keyType"` // "ED25519"
	KeyBits int        `json:"keyBits"`
	// Fingerprint is the offered key's, in the form "SHA256:...".
	Fingerprint      string    `json:"fingerprint"`
	KnownFingerprint string    `json:"knownFingerprint"` // host_key_changed
	KnownAt          string    `json:"knownAt"`          // file:line of the known key
	RemoveCommand    string    `json:"removeCommand"`    // the ssh-keygen -R line to copy
	KnownHostsFile   string    `json:"knownHostsFile"`   // where trusting writes
	Reason           string    `json:"reason"`           // "StrictHostKeyChecking ask"
	KeyFile          string    `json:"keyFile"`          // passphrase
	Question         string    `json:"question"`         // question: the server's own words
	Said             string    `json:"said"`             // password, question: what the server says beside it
	Echo             bool      `json:"echo"`             // question: may be shown while typing
	Attempt          int       `json:"attempt"`          // 1, 2, 3
	CanKeep          bool      `json:"canKeep"`          // passphrase, password: there is a keychain to keep it in
	Forgot           bool      `json:"forgot"`           // the kept answer was wrong and has been forgotten
	AskedAt          time.Time `json:"askedAt"`
}

// PromptAnswer is what the person said. Secret is wiped after use where Go allows it, and never stored or logged.
type PromptAnswer struct {
	ID     string `json:"id"`
	Accept bool   `json:"accept"` // false is Cancel
	Secret string `json:"secret"`
	Keep   bool   `json:"keep"` // put Secret into the keychain; only with CanKeep
}
