// Package config answers two questions about ssh_config: which hosts it names, and what is in force for one of them.
//
// Lister names the hosts. It reads the file and what it Includes by itself, runs nothing, and never fails as a whole: a
// line that can't be used is reported with file and line, and the rest is listed.
//
// Resolver says what is in force. It evaluates the files by itself (own.go) as long as every keyword and Match criterion
// that can touch the host is in its proven set (keywords.go), over defaults that the installed ssh told (baseline.go).
// Whatever is not certain goes to GResolver, which asks the person's own OpenSSH (ssh -G), so that the answer is always
// the one ssh would act on. Asking ssh may run "Match exec" commands, so it is for the moment of connecting and for the
// page of a host, never for a list. Resolver.Explain tells for each value where it was written, and Resolver.Check
// holds the own answer against ssh's.
package config
