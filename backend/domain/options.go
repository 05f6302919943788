package domain

// OnLost says what becomes of a run on its target when contact with it is lost.
type OnLost string

const (
	OnLostStop OnLost = ""      // the target ends it: at once, or when the lease runs out
	OnLostGoOn OnLost = "go_on" // it goes on there to its own end, for what must not be cut off, such as an upgrade
)

// RunOptions say how a command runs on its target where that isn't the usual way.
type RunOptions struct {
	// Terminal gives the command a pseudo-terminal, for programs that behave otherwise without one. stdout and stderr
	// are one stream then.
	Terminal bool `json:"terminal"`
	// Merge sends stderr to stdout on the target, so that the order between both is exact.
	Merge bool `json:"merge"`
	// ExpectsDisconnect says that the command cuts its own connection (a reboot): contact lost after its start is success.
	ExpectsDisconnect bool   `json:"expectsDisconnect"`
	OnLost            OnLost `json:"onLost"`
}

// Validate reports options that contradict each other or the kind, as an *Error with Field set, or nil.
func (o RunOptions) Validate(kind CommandKind) error {
	switch {
	case kind != KindSSH && o != RunOptions{}:
		return FieldError("options", "only a command over SSH has a terminal, merged output or rules for a lost contact")
	case o.OnLost != OnLostStop && o.OnLost != OnLostGoOn:
		return FieldError("options.onLost", "when contact is lost a command stops or goes on")
	case o.OnLost == OnLostGoOn && o.Terminal:
		return FieldError("options.onLost", "a terminal ends with its connection: what must go on can't have one")
	}
	return nil
}
