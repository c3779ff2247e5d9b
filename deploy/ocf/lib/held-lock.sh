# A lock that lives as long as a process: it is lost when its owner's node is switched off, like an address or a mount. Sourced by the demo
# agents. Licence: Apache-2.0.
#
# $lock_file holds "OWNER PID" of the process that keeps the lock (flock) open; set it before calling. $owner names this node and resource.

HOLDER_SECONDS=2147483647

# Sets $holder_owner and $holder_pid; false when nobody holds the lock.
read_holder() {
	holder_owner= holder_pid=
	{ read -r holder_owner holder_pid <"$lock_file"; } 2>/dev/null
	case $holder_pid in '' | *[!0-9]*) return 1 ;; esac
	holder_command=
	{ read -r holder_command <"/proc/$holder_pid/cmdline"; } 2>/dev/null
	case $holder_command in *sleep*$HOLDER_SECONDS) return 0 ;; esac
	return 1
}

# We hold the lock.
is_held() { read_holder && [ "$holder_owner" = "$owner" ]; }

# Takes the lock, unless somebody holds it.
take_hold() {
	exec 9<>"$lock_file" || return 1
	flock -n 9 || { read_holder; return 1; }
	setsid sleep $HOLDER_SECONDS </dev/null >/dev/null 2>&1 &
	echo "$owner $!" >"$lock_file"
	exec 9>&-
	# The child is known as the holder only when it has become "sleep".
	tries=0
	until read_holder; do
		[ $((tries += 1)) -le 500 ] || return 1
		sleep 0.005
	done
}

# Gives the lock up; nothing when it is not ours.
release_hold() {
	while is_held; do
		kill -KILL "$holder_pid" 2>/dev/null
		sleep 0.01
	done
	return 0
}
