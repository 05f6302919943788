package app

// NoCoreDumps has nothing to do on Windows, which writes none for a program that didn't ask for it.
func NoCoreDumps() error { return nil }
