// Package discovery knows the VMs: those typed by the person and those taken in from a source such as ssh_config.
//
// It compares what the sources offer with what is known (new, changed, gone), takes in only what the person ticked,
// and turns names, tags and addresses into targets. A source stays the truth about its VMs' connection values: what is
// stored was last acknowledged, for showing what changed. A review informs; it never keeps a VM from being used.
package discovery
