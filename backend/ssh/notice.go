package ssh

import (
	"context"
	"time"
)

type noticeKey struct{}

// withNotice has a login under ctx tell by say what it waits for, which must be safe for concurrent use.
func withNotice(ctx context.Context, say func(text string)) context.Context {
	return context.WithValue(ctx, noticeKey{}, say)
}

// tell says text to whoever waits for the login under ctx, if somebody does.
func tell(ctx context.Context, text string) {
	if say, ok := ctx.Value(noticeKey{}).(func(string)); ok {
		say(text)
	}
}

// waitFor says text if the wait isn't over soon. The returned function ends the wait; nothing is said after it.
func (st *attempt) waitFor(text string) (over func()) {
	said := make(chan struct{})
	timer := time.AfterFunc(st.client.agents.noticeAfter, func() {
		defer close(said)
		tell(st.ctx, text)
	})
	return func() {
		if !timer.Stop() {
			<-said
		}
	}
}
