package desktop

import (
	"context"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// Prompts are the questions that connections ask the person.
type Prompts struct{ w *window }

// Pending gives the open questions, the oldest first.
func (p *Prompts) Pending() ([]domain.Prompt, error) {
	return read(p.w, func(_ context.Context, a *app.App) ([]domain.Prompt, error) { return a.Prompts.Pending(), nil })
}

// Answer gives the person's answer. CodeNotFound if the question is no longer open.
func (p *Prompts) Answer(answer domain.PromptAnswer) error {
	return do(p.w, func(_ context.Context, a *app.App) error { return a.Prompts.Answer(answer) })
}
