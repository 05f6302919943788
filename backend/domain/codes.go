package domain

// Code names a condition. This file is the one list of them.
type Code string

const (
	CodeInternal   Code = "internal"    // a fault of the app itself
	CodeInvalid    Code = "invalid"     // a value breaks a rule; Field says which
	CodeNotFound   Code = "not_found"   // no such VM, command, job, run or line
	CodeConflict   Code = "conflict"    // a name is taken, or the thing changed meanwhile
	CodeNotAllowed Code = "not_allowed" // the state does not permit it (a finished job can't be stopped)
	CodeClosed     Code = "closed"      // the app is shutting down

	// Before a connection.
	CodeNoConfig         Code = "no_ssh_config"         // there is no ssh_config to read
	CodeConfigUnreadable Code = "ssh_config_unreadable" // it is there and can't be read
	CodeConfigInvalid    Code = "ssh_config_invalid"    // ssh refuses the file
	CodeSSHMissing       Code = "ssh_missing"           // no OpenSSH client where one is needed
	CodeJumpLoop         Code = "jump_loop"             // ProxyJump comes back to a host, or has more than 8 hops
	CodeUnsupported      Code = "unsupported"           // a setting that this version can't honour

	// While connecting.
	CodeResolve        Code = "host_not_found"     // the name has no address
	CodeUnreachable    Code = "host_unreachable"   // no route, or the network is down
	CodeRefused        Code = "connection_refused" // nothing listens on the port
	CodeConnectTimeout Code = "connect_timeout"    // the host didn't answer in time
	CodeNotSSH         Code = "not_ssh"            // something else than an SSH server answered
	CodeHandshake      Code = "handshake_failed"   // no common algorithm, or the peer broke off
	CodeHostKeyUnknown Code = "host_key_unknown"   // never seen, and not trusted now
	CodeHostKeyChanged Code = "host_key_changed"   // another key than the known one; never accepted
	CodeHostKeyRevoked Code = "host_key_revoked"   // marked @revoked
	CodeKnownHosts     Code = "known_hosts_failed" // known_hosts can't be read or written
	CodeAuth           Code = "auth_failed"        // the server took none of the keys or answers
	CodePassphrase     Code = "passphrase_wrong"   // the key's passphrase was wrong, or none was given
	CodeKeyUnusable    Code = "key_unusable"       // the identity file can't be used as it is
	CodeAgent          Code = "agent_unavailable"  // the agent is needed and doesn't answer
	CodePromptNeeded   Code = "prompt_needed"      // a question must be asked and nobody is there to answer

	// While running.
	CodeNoTerminal   Code = "no_terminal"     // there is no terminal program, or it doesn't open
	CodeNoShell      Code = "no_shell"        // the target has no /bin/sh or refuses commands
	CodeLost         Code = "connection_lost" // contact ended before the exit status came
	CodeAppDied      Code = "app_ended"       // the process that owned the run ended before it
	CodeTimedOut     Code = "timed_out"       // the command's own time-out
	CodeStopUnproved Code = "stop_unproved"   // stop was asked and couldn't be verified
	CodeLocal        Code = "local_failed"    // a command on this computer couldn't be started
	CodeKeychain     Code = "keychain"        // the keychain of this computer doesn't answer

	// Storage.
	CodeDiskFull    Code = "disk_full"        // no room for more output
	CodeDataFolder  Code = "data_folder"      // the data folder can't be used
	CodeDatabase    Code = "database"         // the database can't be read or written
	CodeDamaged     Code = "database_damaged" // pages of the database can't be read, or the file is something else
	CodeDatabaseNew Code = "database_newer"   // written by a newer version of the app
	CodeUsage       Code = "usage"            // wrong use of vmo
)
