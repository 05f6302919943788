// Package domain holds the words of the product: VM, Command, Job, Run, Line, Settings, Status and Error,
// with the rules a value must keep to be one of them (Validate). It knows no database, no network and no window;
// every other package speaks in these types, and so do the JSON of vmo and the bindings of the window.
package domain
