package desktop

import (
	"context"
	"reflect"
	"time"

	"vmorchestrator/backend/domain"
)

func fillPayload(data payload) { fill(reflect.ValueOf(data)) }

// sendPrompt tells the first difference between the open questions and those the window knows of.
func (p *pump) sendPrompt() bool {
	p.mu.Lock()
	asked := p.asked
	p.mu.Unlock()
	if !asked {
		return false
	}
	open := map[string]bool{}
	var fresh *domain.Prompt
	for _, q := range p.src.prompts() {
		open[q.ID] = true
		if !p.shown[q.ID] && fresh == nil {
			fresh = &q
		}
	}
	for id := range p.shown {
		if !open[id] {
			delete(p.shown, id)
			p.send(eventAnswered, &promptClosed{ID: id})
			return true
		}
	}
	if fresh != nil {
		p.shown[fresh.ID] = true
		p.send(eventAsked, &promptAsked{Prompt: *fresh})
		return true
	}
	p.mu.Lock()
	p.asked = false
	p.mu.Unlock()
	// A question may have come between looking and unmarking.
	if len(p.src.prompts()) != len(p.shown) {
		p.promptsChanged()
	}
	return false
}

func (p *pump) sendFailure() bool {
	p.mu.Lock()
	if len(p.failures) == 0 {
		p.mu.Unlock()
		return false
	}
	failure := p.failures[0]
	p.failures = p.failures[1:]
	p.mu.Unlock()
	p.send(eventError, &appError{Error: failure})
	return true
}

// sendJob sends the job that waits longest, with as many of its changed runs as one event may carry.
func (p *pump) sendJob(ctx context.Context) bool {
	p.sortRuns(ctx)
	for {
		id, changed, ok := p.takeJob()
		if !ok {
			return false
		}
		detail, err := p.src.job(ctx, id)
		if err != nil { // deleted meanwhile: nothing is left to tell
			continue
		}
		out := &jobChanged{Job: detail.Job}
		for _, r := range detail.Runs {
			switch {
			case !changed[r.ID]:
			case len(out.Runs) < maxEventRuns:
				out.Runs = append(out.Runs, r)
			default:
				p.mu.Lock()
				p.markJob(id, r.ID)
				p.mu.Unlock()
			}
		}
		p.send(eventJob, out)
		return true
	}
}

// sortRuns finds the jobs of changed runs.
func (p *pump) sortRuns(ctx context.Context) {
	p.mu.Lock()
	runs := p.runs
	p.runs = map[string]bool{}
	p.mu.Unlock()
	for id := range runs {
		job, err := p.src.jobOfRun(ctx, id)
		if err != nil {
			continue
		}
		p.mu.Lock()
		p.markJob(job, id)
		p.mu.Unlock()
	}
}

func (p *pump) takeJob() (id string, runs map[string]bool, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.order) == 0 {
		return "", nil, false
	}
	id = p.order[0]
	p.order = p.order[1:]
	runs = p.jobs[id]
	delete(p.jobs, id)
	return id, runs, true
}

// sendLines sends the newest lines of one watched run. A run that is further ahead than an event can carry is shown at
// its tail; the window reads what lies between if it wants to.
func (p *pump) sendLines(ctx context.Context) bool {
	for {
		id, w := p.takeWatched()
		if w == nil {
			return false
		}
		page, err := p.src.page(ctx, id, w.next, maxEventLines)
		if n := len(page.Lines); err == nil && n > 0 && page.Lines[n-1].N < page.Last {
			page, err = p.src.page(ctx, id, -maxEventLines, maxEventLines)
		}
		if err != nil || w.over {
			continue
		}
		w.next, w.over = max(page.Last, 0)+1, page.Done
		lines, from := newest(page)
		p.send(eventLines, &logLines{
			RunID: id, From: from, Lines: lines, Open: page.Open, Last: page.Last, Done: page.Done, Order: page.Order,
			At: time.Now(),
		})
		return true
	}
}

// newest is the end of a page that fits into an event.
func newest(page domain.LogPage) (lines []domain.Line, from int64) {
	size, first := 0, len(page.Lines)
	for first > 0 && len(page.Lines)-first < maxEventLines {
		size += len(page.Lines[first-1].Text)
		if size > maxEventBytes && first < len(page.Lines) {
			break
		}
		first--
	}
	if first < len(page.Lines) {
		return page.Lines[first:], page.Lines[first].N
	}
	return nil, page.From
}

func (p *pump) takeWatched() (string, *watched) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, w := range p.watched {
		if w.dirty {
			w.dirty = false
			return id, w
		}
	}
	return "", nil
}

// sendKind sends one of the events that say "read it again".
func (p *pump) sendKind(ctx context.Context) bool {
	p.mu.Lock()
	var name string
	for name = range p.kinds {
		break
	}
	delete(p.kinds, name)
	p.mu.Unlock()
	switch name {
	case "":
		return false
	case eventVMs:
		p.send(name, &vmsChanged{})
	case eventCommands:
		p.send(name, &commandsChanged{})
	case eventSSHConfig:
		p.send(name, &sshConfigChanged{})
	case eventReset:
		p.send(name, &appReset{})
	case eventSettings:
		s, err := p.src.settings(ctx)
		if err != nil {
			p.failed(err)
			return true
		}
		p.send(name, &settingsChanged{Settings: s})
	}
	return true
}
