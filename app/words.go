package app

import (
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/job"
	"vmorchestrator/backend/ssh"
)

// What the faces need to say to the services, so that they import app and domain only.
type (
	StartJob = job.StartRequest // one click
	Target   = job.Target       // one machine of it
	Tee      = job.Tee          // sees a run's output beside the store
	Prompter = ssh.Prompter     // puts questions to the person
)

// StopText is what a stop came to, in words.
func StopText(r domain.StopResult) string { return job.StopText(r) }
