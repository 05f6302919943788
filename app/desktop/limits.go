package desktop

import "time"

const (
	// eventGap is the shortest time between two events (contracts.md, "Events", allows 20 a second): one event per line
	// froze the window for seconds, and at 20 a second a flood took so much of two cores for drawing that clicks waited
	// for up to 190 ms; at 10 they wait for half of that, and nobody reads faster.
	eventGap = 100 * time.Millisecond
	// maxEventLines and maxEventBytes bound one log:lines event. WebKit keeps big messages in memory.
	maxEventLines = 64
	maxEventBytes = 8 << 10
	// maxEventRuns bounds one job:changed event; what is left follows in the next.
	maxEventRuns = 20
	// maxWatched is how many runs can be watched at once: more than any screen shows, and as many as a job may have.
	maxWatched = 1000

	// closeWithin is how long quitting may take: the verified stop of what runs, on targets that may not answer.
	closeWithin = 15 * time.Second
	// showWithin is when the window appears at the latest, also when size and place are not known yet because the
	// database is slow: an app that shows nothing looks broken after a quarter of a second.
	showWithin = 250 * time.Millisecond
	// configEvery is how often the files of ssh_config are looked at.
	configEvery = 2 * time.Second

	// giveAfter is how long after the last job memory goes back to the system.
	giveAfter = 5 * time.Second

	// Sizes of the window in logical pixels. At the smallest every screen is still usable (ui.md).
	minWidth, minHeight         = 900, 600
	defaultWidth, defaultHeight = 1280, 800
)
