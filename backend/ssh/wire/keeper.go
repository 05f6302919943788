package wire

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// keeperScript is the keeper itself; see its head for what it promises.
//
//go:embed keeper.sh
var keeperScript string

// leaseTicks is in how many steps the keeper counts its lease down.
const leaseTicks = 9

// keeperBoot runs the script that its first argument is, as a format of printf.
const keeperBoot = `eval "$(printf "$1")"`

// bashKeeper runs the same script in a login shell that is bash, and without what .bashrc made of it: its functions must
// not stand in the place of what the script calls.
var bashKeeper = inBash(`builtin shift 4; builtin trap - EXIT ERR DEBUG RETURN; builtin shopt -u expand_aliases; ` +
	`builtin set +efuvx; builtin unset IFS; ` +
	`builtin unset -f [ command date echo exit grep kill pgrep printf ps read return set sleep sudo trap unset wait; ` +
	`builtin printf -v vmo_s "$1"; builtin eval "$vmo_s";`)

// Keeper is what a keeper is started with.
type Keeper struct {
	Nonce string
	Lease time.Duration // without a request for this long it ends what is registered
}

// Line is the exec line that starts a keeper.
func (k Keeper) Line() (string, error) {
	if !word(k.Nonce) || k.Lease <= 0 {
		return "", fmt.Errorf("keeper with nonce %q and lease %s", k.Nonce, k.Lease)
	}
	tick := strconv.FormatFloat((k.Lease / leaseTicks).Seconds(), 'f', -1, 64)
	if step := k.Lease / leaseTicks; step >= time.Second {
		// Not every sleep knows fractions.
		tick = strconv.Itoa(int(step.Seconds()))
	}
	return bashKeeper + execHead + keeperBoot + "' " + keeperTag + " '" + escape(stripped(keeperScript)) + "' " + k.Nonce + " " + tick + " " + strconv.Itoa(leaseTicks), nil
}

// Slack is how much later than its lease a keeper may act: one step of its counting.
func (k Keeper) Slack() time.Duration { return k.Lease/leaseTicks + time.Second }

// ParseKeeper takes the exec line of a keeper apart. ok is false for any other line.
func ParseKeeper(line string) (k Keeper, ok bool) {
	rest, ok := strings.CutPrefix(line, bashKeeper+execHead+keeperBoot+"' "+keeperTag+" '")
	if !ok {
		return Keeper{}, false
	}
	end := strings.LastIndexByte(rest, '\'')
	if end < 0 {
		return Keeper{}, false
	}
	fields := strings.Fields(rest[end+1:])
	if len(fields) != 3 {
		return Keeper{}, false
	}
	tick, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || tick <= 0 || tick > 3600 {
		return Keeper{}, false
	}
	return Keeper{Nonce: fields[0], Lease: time.Duration(tick * float64(time.Second) * leaseTicks)}, true
}

// Verb is the first letter of a request.
type Verb byte

// The requests. Ready is no request: it is the first line that a keeper says.
const (
	Register  Verb = 'R'
	Done      Verb = 'D'
	Stop      Verb = 'S'
	Heartbeat Verb = 'H'
	Ready     Verb = 'K'
)

// Request is a line to the keeper.
type Request struct {
	Verb      Verb
	RunID     string        // Register, Done, Stop
	PID       int           // Register
	StartTime string        // Register; "" unknown
	Grace     time.Duration // Stop: between TERM and KILL
}

// String is the line, newline included.
func (r Request) String() string {
	switch r.Verb {
	case Register:
		start := r.StartTime
		if start == "" {
			start = "-"
		}
		return fmt.Sprintf("R %s %d %s\n", r.RunID, r.PID, start)
	case Stop:
		return fmt.Sprintf("S %s %d\n", r.RunID, r.Grace.Milliseconds())
	case Done:
		return "D " + r.RunID + "\n"
	default:
		return string(r.Verb) + "\n"
	}
}

// Valid reports whether the request can be sent: ids and times are plain words, the pid is one.
func (r Request) Valid() bool {
	switch r.Verb {
	case Heartbeat:
		return true
	case Register:
		return word(r.RunID) && r.PID > 1 && (r.StartTime == "" || word(r.StartTime))
	case Done:
		return word(r.RunID)
	case Stop:
		return word(r.RunID) && r.Grace >= 0
	default:
		return false
	}
}

// ParseRequest reads a line to the keeper, with or without its newline.
func ParseRequest(line string) (r Request, ok bool) {
	f := strings.Fields(line)
	switch {
	case len(f) == 4 && f[0] == "R":
		pid, err := strconv.Atoi(f[2])
		if err != nil {
			return Request{}, false
		}
		r = Request{Verb: Register, RunID: f[1], PID: pid, StartTime: strings.TrimPrefix(f[3], "-")}
	case len(f) == 3 && f[0] == "S":
		ms, err := strconv.ParseInt(f[2], 10, 32)
		if err != nil {
			return Request{}, false
		}
		r = Request{Verb: Stop, RunID: f[1], Grace: time.Duration(ms) * time.Millisecond}
	case len(f) == 2 && f[0] == "D":
		r = Request{Verb: Done, RunID: f[1]}
	case len(f) == 1 && f[0] == "H":
		r = Request{Verb: Heartbeat}
	}
	return r, r.Valid()
}

// Reply is a line from the keeper.
type Reply struct {
	Verb  Verb
	RunID string
	PIDs  []int // Stop: what is left
}

// Line is the reply, newline included, of the keeper with this nonce.
func (r Reply) Line(nonce string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %c", nonce, r.Verb)
	if r.RunID != "" {
		b.WriteString(" " + r.RunID)
	}
	for _, pid := range r.PIDs {
		fmt.Fprintf(&b, " %d", pid)
	}
	return b.String() + "\n"
}

// ParseReply reads a line from the keeper. ok is false for what isn't a reply with this nonce, such as the noise of a
// login shell before the keeper began.
func ParseReply(nonce, line string) (r Reply, ok bool) {
	// A login shell may have said something in the same line, without a newline of its own.
	_, line, ok = strings.Cut(line, nonce)
	f := append([]string{nonce}, strings.Fields(line)...)
	if !ok || len(f) < 2 || len(f[1]) != 1 {
		return Reply{}, false
	}
	r.Verb = Verb(f[1][0])
	if len(f) > 2 {
		r.RunID = f[2]
	}
	for _, text := range f[min(3, len(f)):] {
		pid, err := strconv.Atoi(text)
		if err != nil {
			return Reply{}, false
		}
		r.PIDs = append(r.PIDs, pid)
	}
	return r, true
}

// stripped is a shell script without its comment lines and indentation, which needn't travel.
func stripped(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimLeft(line, " \t")
		if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
			b.WriteString(line)
		}
	}
	return b.String()
}
