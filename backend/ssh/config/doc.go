// Package config answers two questions about ssh_config: which hosts it names, and what is in force for one of them.
//
// Lister names the hosts. It reads the file and what it Includes by itself, runs nothing, and never fails as a whole: a
// line that can't be used is reported with file and line, and the rest is listed.
//
// GResolver says what is in force. It asks the person's own OpenSSH (ssh -G), so that the answer is the one ssh would
// act on. That may run "Match exec" commands, so it is for the moment of connecting and never for a list.
package config
