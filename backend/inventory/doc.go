// Package inventory reads and writes lists of machines in the forms that other tools have: CSV, JSON, Ansible inventories
// (INI, YAML and the JSON of ansible-inventory), and, written only, ssh_config.
//
// Reading promises that every line is either a machine or told with its number, that no password is taken over, and that
// nothing is run, looked up or resolved. It checks no rules of a VM: who takes a machine in does. Writing promises that
// whatever a VM's texts hold, the file says the same VM to the tool it is for, and nothing else.
package inventory
