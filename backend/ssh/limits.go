package ssh

import "time"

// limits are the waits that no setting of a host changes; tests make them short.
type limits struct {
	// auth is for everything between the host key and the login, without the time a person types.
	auth time.Duration
	// open is for opening a channel on a connection that stands.
	open time.Duration
	// begin is from the accepted command to its marker: a slow .bashrc is common, one of a minute is broken.
	begin time.Duration
	// idle: a connection without jobs is kept this long for the next one.
	idle time.Duration
	// probeAfter of silence a pooled connection is asked before it is used again; probe is how long.
	probeAfter, probe time.Duration
	// reply is how long the keeper may take for an answer that needs no waiting there.
	reply time.Duration
	// reach is for a look whether a server answers: nobody waits for it, and a machine that takes longer is no use.
	reach time.Duration
}

func defaultLimits() limits {
	return limits{
		auth: 60 * time.Second, open: 20 * time.Second, begin: 60 * time.Second,
		idle: 10 * time.Minute, probeAfter: 30 * time.Second, probe: 2 * time.Second, reply: 10 * time.Second, reach: 4 * time.Second,
	}
}

// Every limit and interval of the transport, with its reason.
const (
	// defaultConnectTimeout is for TCP, and for the server's silence in each later phase: OpenSSH waits for the
	// kernel's two minutes, which nobody watches.
	defaultConnectTimeout = 15 * time.Second
	// proxyKillGrace is between TERM and KILL for a ProxyCommand that outlives its connection.
	proxyKillGrace = 500 * time.Millisecond

	// reachAtOnce looks whether a server answers: a thousand VMs, all dead, are through in two minutes, and a home
	// router's table of connections isn't filled.
	reachAtOnce = 32

	// jobsPerConnection: sshd's MaxSessions is 10 by default, the keeper needs one, one stays free.
	jobsPerConnection = 8
	// refusedPause is how long sshd may take to free the place of a session that has ended.
	refusedPause = 30 * time.Millisecond
	// handshakesPerHost at a time: sshd's MaxStartups begins to drop at 10 for all clients together.
	handshakesPerHost = 3
	// resetRetries is how often a connection that was reset before the banner is tried again (MaxStartups).
	resetRetries = 4
	// resetDelay is the first pause before that; it doubles, and half of it is random.
	resetDelay = 150 * time.Millisecond
	// maxHops of a ProxyJump chain. OpenSSH has no limit and forks for ever on a loop.
	maxHops = 8

	// keepaliveInterval and keepaliveCount are used where ServerAliveInterval is off, which is OpenSSH's default.
	keepaliveInterval = 15 * time.Second
	keepaliveCount    = 3
	// settingsFor is how long the answer of `ssh -G` is used again: it costs a process, and a person who has just
	// saved the file must not wait for it to count.
	settingsFor = 3 * time.Second

	// defaultLease is after how long without a word the keeper ends what it keeps.
	defaultLease = 45 * time.Second
	// keeperAfter: a run that ends sooner pays nothing for the keeper.
	keeperAfter = 50 * time.Millisecond
	// keeperRetry is the first pause before a keeper that could not begin is tried again, and keeperRetryMost what it
	// doubles to: a machine with much to do may need long for a login, one that refuses isn't to be bothered.
	keeperRetry, keeperRetryMost = time.Second, 5 * time.Minute
	// stopSlack is what a stop may take beyond its grace: looks at all processes, KILL, and more looks.
	stopSlack = 15 * time.Second
	// defaultGrace is between TERM and KILL where the caller gives none.
	defaultGrace = 5 * time.Second
	// stoppedDrain is how long the channel of a run that is proved stopped may stay open.
	stoppedDrain = time.Second

	// outputGrace is how long output may stay open and silent after the exit is known: a child holds it.
	outputGrace = 3 * time.Second
	// readBuffer of a stream. A channel packet has 32 KiB at most: with one byte more, a read that leaves nothing behind is
	// known by being short.
	readBuffer = 32<<10 + 1
	// aheadBytes is what may lie unread on a connection before more is put off, for aheadStep each time. An answer to Stop
	// comes behind what was sent before it: a whole window of two megabytes is 64 steps.
	aheadBytes = 256 << 10
	aheadStep  = 5 * time.Millisecond
	// maxNoise is how much is kept of what a login shell prints before the marker.
	maxNoise = 8 << 10
	// maxSniff is how much of the first bytes of a connection is kept to name what answered.
	maxSniff = 512

	agentDialTimeout = 3 * time.Second
	agentListTimeout = 10 * time.Second // a forwarded agent over a slow line
	agentSignTimeout = 60 * time.Second // a person touches a key or confirms
	// agentNoticeAfter of silence the person is told what is waited for: an agent that asks nobody takes milliseconds.
	agentNoticeAfter = time.Second
	// maxLoginTries is how many keys and answers are tried in one login: x/crypto ends at 64 with an error that says
	// nothing, and no server takes as many.
	maxLoginTries = 60
	// maxIdentityFile: a private key has a few KiB; a folder or a log file isn't read whole.
	maxIdentityFile = 1 << 20
	// passphraseTries as ssh has.
	passphraseTries = 3
	// trustRounds is how often a changing unknown key may be asked about in one connect: hops, then nonsense.
	trustRounds = 12
)
