package control

import "context"

// Visit is what became of somebody who came to a fake: whoever keeps the fake may want to see it, its clients never do.
type Visit struct {
	Person string // their user name; empty where the fake doesn't know it
	Served string // what they got: "the account list"; empty: nothing
	Why    string // they got nothing
}

type watching struct{}

// Watched is the context of a request whose visits are told. tell is called from the goroutine of the request.
func Watched(ctx context.Context, tell func(Visit)) context.Context {
	return context.WithValue(ctx, watching{}, tell)
}

// Tell tells a visit to whoever watches the request that ctx is of; most are watched by nobody.
func (v Visit) Tell(ctx context.Context) {
	if tell, ok := ctx.Value(watching{}).(func(Visit)); ok {
		tell(v)
	}
}
