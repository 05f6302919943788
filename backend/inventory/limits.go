package inventory

const (
	// MaxFile is the size of a file that is read, in bytes: ten thousand machines with many variables have 2 MB.
	MaxFile = 4 << 20
	// maxMachines of a file, ranges such as web[1:100] counted out: ten times what the app is made for.
	maxMachines = 10_000
	// maxProblems are told one by one; a file of another kind would have one a line.
	maxProblems = 200
	// maxDepth of groups inside groups, and maxNodes of a YAML file with its aliases followed: more is no inventory but an
	// attempt to make it explode.
	maxDepth = 32
	maxNodes = 500_000
)
