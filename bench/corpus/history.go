package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"vmorchestrator/backend/domain"
)

// Params are what a history is made from: equal ones give an equal history.
type Params struct {
	Jobs     int       `json:"jobs"`
	Lines    int       `json:"lines"` // of all runs together
	VMs      int       `json:"vms"`
	Commands int       `json:"commands"`
	Long     int       `json:"long"` // lines of the longest log, of the Lines; 0 is none
	Huge     int       `json:"huge"` // lines of one more, beside the Lines; 0 is none
	Days     int       `json:"days"`
	Seed     uint64    `json:"seed"`
	Until    time.Time `json:"until"` // the newest job
}

// Validate says what can't be made.
func (p Params) Validate() error {
	switch {
	case p.Jobs < 1 || p.VMs < 1 || p.Commands < 1 || p.Days < 1:
		return fmt.Errorf("a history needs at least one job, VM, command and day")
	case p.Lines < 0 || p.Long < 0 || p.Huge < 0:
		return fmt.Errorf("there can't be fewer lines than none")
	case p.Long > p.Lines:
		return fmt.Errorf("the longest log has %d lines and all together have %d", p.Long, p.Lines)
	case p.VMs > 60_000:
		return fmt.Errorf("at most 60,000 VMs get an address")
	}
	return nil
}

// Job is a planned job.
type Job struct {
	At      time.Time
	Command int // index, -1 is a free one
	Script  string
	Origin  domain.Origin
	Starred bool
	Runs    []Run
}

// Run is a planned run.
type Run struct {
	VM     int
	Status domain.Status
	Text   Text
}

// Plan makes all jobs, oldest first. It takes a second for a hundred thousand.
func (p Params) Plan() []Job {
	r := rand.New(rand.NewPCG(p.Seed, 1)) // #nosec G404 -- data for a measurement
	span := time.Duration(p.Days) * 24 * time.Hour
	step := span / time.Duration(p.Jobs)
	jobs := make([]Job, p.Jobs)
	var weights []float64
	total := 0.0
	for i := range jobs {
		j := &jobs[i]
		j.At = p.Until.Add(-span + step*time.Duration(i+1)).UTC().Truncate(time.Millisecond)
		j.Command, j.Script, j.Origin = -1, pick(r, freeScripts), domain.OriginWindow
		if r.IntN(10) < 7 {
			j.Command = skewed(r, p.Commands)
		}
		if r.IntN(4) == 0 {
			j.Origin = domain.OriginCLI
		}
		j.Starred = r.IntN(200) == 0
		first := skewed(r, p.VMs)
		for k := range min(fanOut(r), p.VMs) {
			run := Run{VM: (first + k*37) % p.VMs, Status: status(r)}
			if k > 0 && run.VM == first {
				break // went round
			}
			run.Text = Text{Kind: Kind(r.IntN(int(kinds))), Seed: r.Uint64(), Start: j.At.Add(300 * time.Millisecond)}
			w := math.Exp(r.NormFloat64() * 1.6)
			if r.IntN(20) == 0 {
				w = 0 // says nothing
			}
			total += w
			weights = append(weights, w)
			j.Runs = append(j.Runs, run)
		}
	}
	p.share(jobs, weights, total)
	return jobs
}

// share gives every run its part of the lines, and the remarkable ones their place.
func (p Params) share(jobs []Job, weights []float64, total float64) {
	rest := float64(p.Lines - p.Long)
	left, n := p.Lines-p.Long, 0
	for i := range jobs {
		for k := range jobs[i].Runs {
			t := &jobs[i].Runs[k].Text
			t.Lines = min(int(weights[n]/total*rest), left)
			left -= t.Lines
			n++
		}
	}
	// What rounding left over, a line each; those that say nothing only where there is nobody else.
	for pass := 0; left > 0; pass++ {
		for i := range jobs {
			if t := &jobs[i].Runs[0].Text; left > 0 && (t.Lines > 0 || pass > 1) {
				t.Lines++
				left--
			}
		}
	}
	for _, part := range []float64{0.07, 0.31, 0.58, 0.93} {
		t := &jobs[int(part*float64(len(jobs)))].Runs[0].Text
		t.Lines, t.Rare = max(t.Lines, 1), true
	}
	remarkable := func(part float64, lines int) {
		if lines > 0 {
			run := &jobs[int(part*float64(len(jobs)))].Runs[0]
			run.Text.Lines, run.Text.Kind, run.Status = lines, Journal, domain.StatusSucceeded
		}
	}
	remarkable(0.8, p.Long)
	remarkable(0.9, p.Huge)
	for i := range jobs {
		for k := range jobs[i].Runs {
			t := &jobs[i].Runs[k].Text
			t.Took = time.Duration(t.Lines)*2*time.Millisecond + 50*time.Millisecond
		}
	}
}

// skewed is an index below n; small ones come often, as favourites do.
func skewed(r *rand.Rand, n int) int {
	f := r.Float64()
	return min(int(f*f*float64(n)), n-1)
}

func fanOut(r *rand.Rand) int {
	switch n := r.IntN(1000); {
	case n < 850:
		return 1
	case n < 950:
		return 2 + r.IntN(4)
	case n < 999:
		return 6 + r.IntN(15)
	}
	return 200
}

func status(r *rand.Rand) domain.Status {
	switch n := r.IntN(1000); {
	case n < 890:
		return domain.StatusSucceeded
	case n < 965:
		return domain.StatusFailed
	case n < 978:
		return domain.StatusTimedOut
	case n < 990:
		return domain.StatusCanceled
	}
	return domain.StatusLost
}

var freeScripts = []string{
	"uptime", "df -h", "journalctl -u nginx --since -1h", "systemctl status postgresql", "docker ps -a", "free -m",
	"tail -n 500 /var/log/nginx/access.log", "ss -tlnp", "apt list --upgradable", "ps aux --sort=-rss | head -40",
	"kubectl get pods -A", "find /var/log -size +100M", "cat /etc/os-release", "ip -br addr", "dmesg | tail -100",
}
