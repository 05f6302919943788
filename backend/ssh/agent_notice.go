package ssh

import (
	"context"
	"time"
)

type noticeKey struct{}

// withNotice has a login under ctx tell what it waits for by say, which must be safe for concurrent use.
func withNotice(ctx context.Context, say func(text string)) context.Context {
	return context.WithValue(ctx, noticeKey{}, say)
}

// waitFor says text if the wait isn't over soon. The returned function ends the wait; nothing is said after it.
func (st *attempt) waitFor(text string) (over func()) {
	say, ok := st.ctx.Value(noticeKey{}).(func(string))
	if !ok {
		return func() {}
	}
	said := make(chan struct{})
	timer := time.AfterFunc(st.client.agents.noticeAfter, func() {
		defer close(said)
		say(text)
	})
	return func() {
		if !timer.Stop() {
			<-said
		}
	}
}
