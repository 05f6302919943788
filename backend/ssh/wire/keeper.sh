# The keeper: one per connection, so that what runs on this machine ends when it is told to or when its owner is gone.
# Arguments: 1 its own text, 2 nonce, 3 seconds of a tick, 4 ticks of a lease. With a run, session, start time and
# milliseconds behind them it is the helper of another keeper: it ends that run, tells what is left and is gone.
# Lines in: "R run pid starttime" register, "D run" done, "S run milliseconds" stop, "H" heartbeat.
# Lines out: nonce, the letter, the run, and for S the pids that are left.
# At the end of its input, and after a lease without a line, it ends every registered run: TERM to its whole session
# and to whatever else carries its VMO_RUN_ID, a wait, KILL, and another look. It needs a POSIX sh, no temporary file,
# and /proc or ps.
self=$1 n=$2 tick=$3 lease=$4
helper=
trap '' HUP INT TERM PIPE
exec 2>/dev/null

# Does pid $1 live? A zombie doesn't.
alive() {
	if [ -r "/proc/$1/stat" ]; then
		read -r st <"/proc/$1/stat" || return 1
		st=${st##*) }
		case $st in Z*|X*) return 1 ;; esac
		return 0
	fi
	[ -d /proc/self ] && return 1
	kill -0 "$1"
}

# The pids of session $1, if its leader is still the process that began at $2. The leader comes first: if a child, whose
# number may be lower, ended before it, a script that waits for it would go on for a moment and even end well.
session() {
	[ "$1" -gt 1 ] || return 0
	if [ "$2" != - ] && [ -r "/proc/$1/stat" ]; then
		read -r st <"/proc/$1/stat"
		st=${st##*) }
		set -- "$1" "$2" $st
		[ "${22}" = "$2" ] || return 0
	fi
	echo "$1"
	if command -v pgrep >/dev/null && pgrep -s 0 >/dev/null; then
		pgrep -s "$1"
	elif [ -r /proc/self/stat ]; then
		for f in /proc/[0-9]*/stat; do
			read -r st <"$f" || continue
			p=${st%% *}
			st=${st##*) }
			set -- "$1" $st
			[ "$5" = "$1" ] && echo "$p"
		done
	else
		ps -A -o pid= -o pgid= | while read -r p g; do [ "$g" = "$1" ] && echo "$p"; done
	fi
}

# The living pids of run $1 with session $2 that began at $3. Nobody is told gone by one look: in the middle of
# execve(2) a process has no environment to be known by.
members() {
	look "$@"
	[ "$all" ] && return
	sleep 0.05 || sleep 1
	look "$@"
}

# A login shell that runs the script itself has the run's id in its line and not in its environment. The brackets keep
# whoever looks for that line, here or in another keeper, from being taken for one that has it.
look() {
	all=" "
	for p in $(session "$2" "$3"; grep -ls "VMO_RUN_ID=$1" /proc/[0-9]*/environ; grep -ls "[v]mo-run .*$1" /proc/[0-9]*/cmdline); do
		p=${p#/proc/}
		p=${p%/*}
		case $all in *" $p "*) continue ;; esac
		alive "$p" && all="$all$p "
	done
	all=${all# }
}

# The second that it is.
now() {
	if read -r now idle </proc/uptime; then
		now=${now%.*}
	else
		now=$(date +%s)
	fi
}

# Does any of $all belong to somebody else, as what runs under sudo does?
foreign() {
	for p in $all; do
		[ ! -d "/proc/$p" ] || [ -O "/proc/$p" ] || return 0
	done
	return 1
}

# Waits 0.1 s, then 0.2, then 0.4 at a time: looking is work too, for a machine that may have enough of it.
pause() {
	sleep "0.$step" || sleep 1
	left=$((left - step))
	[ "$step" = 4 ] || step=$((step * 2))
}

# Ends run $1 (session $2, begun at $3), $4 milliseconds between TERM and KILL; leaves in $all what is left.
end() {
	members "$1" "$2" "$3"
	[ "$all" ] || return 0
	# What runs under sudo isn't this account's to signal. The same sudo ends the run, if it asks for no password.
	if foreign && [ -z "$helper" ] && command -v sudo >/dev/null; then
		left=$(printf "$self" | sudo -n /bin/sh -s helper "$n" - - "$1" "$2" "$3" "$4") && all=$left && return
	fi
	kill -TERM $all
	kill -CONT $all
	# Looking costs time too, more so on a busy machine: by the clock, whose second has begun already, it isn't longer.
	left=$(($4 / 100)) step=1
	now
	until=$((now + 1 + ($4 + 999) / 1000))
	while members "$1" "$2" "$3"; [ "$all" ]; do
		now
		[ "$left" -gt 0 ] && [ "$now" -lt "$until" ] || break
		pause
	done
	left=20
	while [ "$all" ] && [ "$left" -gt 0 ]; do
		kill -KILL $all
		left=$((left - 1))
		sleep 0.05 || sleep 1
		members "$1" "$2" "$3"
	done
}

# Ends every registered run at once, then the keeper itself with all that it started.
finish() {
	for r in $runs; do
		(
			IFS=:
			set -- $r
			unset IFS
			end "$1" "$2" "$3" 3000
		) &
	done
	wait
	kill -KILL 0
	exit
}

# The registered entry of run $1 goes out of $runs and into $entry.
take() {
	entry= rest=
	for r in $runs; do
		case $r in
		"$1:"*) entry=$r ;;
		*) rest="$rest $r" ;;
		esac
	done
	runs=$rest
}

# The next line, in $verb and what follows it.
next() { read -r verb run a b; }

serve() {
	runs= quiet=0
	while next; do
		if [ "$verb" = T ]; then
			quiet=$((quiet + 1))
			[ "$quiet" -gt "$lease" ] && finish
			continue
		fi
		quiet=0
		case $verb in
		R)
			take "$run"
			runs="$runs $run:$a:$b"
			echo "$n R $run"
			;;
		D)
			take "$run"
			echo "$n D $run"
			;;
		S)
			take "$run"
			runs="$runs $entry"
			(
				IFS=:
				set -- $entry
				unset IFS
				end "$run" "${2:-0}" "${3:--}" "$a"
				echo "$n S $run $all"
			) &
			;;
		H) echo "$n H" ;;
		E) finish ;;
		esac
	done
	finish
}

if [ $# -gt 4 ]; then
	helper=yes
	end "$5" "$6" "$7" "$8"
	echo "$all"
	exit
fi

echo "$n K"
case ${BASH_VERSION-} in
[4-9]* | [1-9][0-9]*)
	# The read of bash has a clock, so that no process is needed for one. A line that came in part stays.
	line=
	next() {
		IFS= read -r -t "$tick" part && st=0 || st=$?
		line=$line$part
		[ "$st" -le 128 ] || { verb=T; return; }
		[ "$st" = 0 ] || return 1
		set -- $line
		verb=${1-} run=${2-} a=${3-} b=${4-} line=
	}
	serve
	;;
esac
{
	while sleep "$tick"; do echo T || exit; done </dev/null &
	while read -r line; do echo "$line" || exit; done
	echo E
	wait
} | serve
