// Package browser signs people in as they do it themselves: in a real Chromium, through the door of their place, with a
// fresh browser context for each attempt. Everything that knows of chromedp is here, so that a run without a browser
// needs none of it, and so that its pitfalls are met in one place.
package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// Login is the probe browser_login: one person after another opens the portal of their home Region, signs in at the
// identity provider and looks for their account. All share one browser process and nothing else.
type Login struct {
	Steer harness.BookmarkSteer `yaml:"steer" doc:"what the person does when their home Region does not let them in"`
	Start string                `yaml:"start" enum:"portal,vanity" doc:"where a person starts: at the portal of their home Region, or at the vanity domain (system.vanity), which leads them to the primary's as long as that is well"`

	world *harness.World
	path  string // of the browser

	starting chan struct{} // holds a token while nobody is starting a browser
	mu       sync.Mutex
	process  *process
	closed   bool
}

// New makes the probe with its defaults: the person stays at home.
func New() *Login {
	return &Login{Steer: harness.BookmarkSteer{By: "none"}, Start: harness.StartPortal}
}

// Problems says what of it makes no sense.
func (l *Login) Problems(t harness.Topology) []harness.Problem {
	return append(harness.StartProblems(l.Start, t), harness.Steer(l.Steer).Problems(t, harness.ByBookmark)...)
}

// Steering is what the person does when their home Region does not let them in.
func (l *Login) Steering() harness.Steer { return harness.Steer(l.Steer) }

// Journey of its people: they sign in.
func (l *Login) Journey() history.Journey { return history.SignIn }

// Needs a browser.
func (l *Login) Needs() []string { return []string{harness.NeedsBrowser} }

// Open finds the browser of this machine and starts it.
func (l *Login) Open(ctx context.Context, world *harness.World) error {
	path, err := Find(os.Getenv)
	if err != nil {
		return err
	}
	l.world, l.path, l.starting = world, path, make(chan struct{}, 1)
	l.starting <- struct{}{}
	if _, err = l.browser(ctx); err != nil && ctx.Err() == nil {
		sentence := fmt.Sprintf("%v: name another one in REGIONDRILL_BROWSER, or leave the browser probes out with "+
			"--without-browser", err)
		return &harness.Lack{Sentence: strings.Join(strings.Fields(sentence), " "), Err: err}
	}
	return err
}

// errClosed ends the attempts that are still in flight when the probe is closed.
var errClosed = errors.New("the probe is closed")

// browser is the one that runs. Where it is gone, the first attempt that notices starts another; those that come
// meanwhile wait for it.
func (l *Login) browser(ctx context.Context) (*process, error) {
	select {
	case <-l.starting:
		defer func() { l.starting <- struct{}{} }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	l.mu.Lock()
	p, closed := l.process, l.closed
	l.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case p != nil && p.ctx.Err() == nil:
		return p, nil
	case p != nil:
		if err := p.close(); err != nil {
			return nil, err
		}
	}
	p, err := start(ctx, l.path, l.world.LeafPin)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(errClosed, p.close())
	}
	l.process = p
	return p, nil
}

// Close ends the browser, and with it the attempts that are still in flight. Nothing of it is left.
func (l *Login) Close() error {
	l.mu.Lock()
	p := l.process
	l.closed = true
	l.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.close()
}

// Try makes one attempt.
func (l *Login) Try(ctx context.Context, a *harness.Attempt) error {
	began := time.Now()
	door, err := l.world.Door(a.From)
	if err != nil {
		return fmt.Errorf("finding the door of %s: %w", a.From.Name, err)
	}
	if !atHand(door) {
		return fmt.Errorf("using the door of %s: a browser can only be sent to a door on loopback without a password",
			a.From.Name)
	}
	w, lack := l.window(ctx, door)
	if lack != "" {
		giveUp(ctx, a, lack)
		return nil
	}
	defer w.dispose()
	person := &person{world: l.world, start: l.Start, steer: harness.Steer(l.Steer), attempt: a, window: w, began: began}
	person.signIn(ctx).tell(a)
	a.Ended = time.Now()
	if ctx.Err() != nil && a.Outcome == history.Bad && !w.process.answers() {
		a.GiveUp(history.ClassBrowser, "the browser stood still") // so what it waited for is not to blame
	}
	return person.photograph()
}

// window is a new one of the browser that runs, or what is lacking for it.
func (l *Login) window(ctx context.Context, door *url.URL) (w *window, lack string) {
	p, err := l.browser(ctx)
	if err != nil {
		return nil, "no browser could be started"
	}
	if w, err = p.window(ctx, door); err != nil {
		if !p.answers() {
			_ = p.close() // so that the next attempt starts another; what is left is told when the probe is closed
		}
		return nil, "the browser opened no window"
	}
	return w, ""
}

// giveUp says that the harness's own side failed: the run was stopped, or the browser was.
func giveUp(ctx context.Context, a *harness.Attempt, detail string) {
	if stopped(ctx) {
		a.GiveUp(history.ClassStopped, "the run was stopped")
		return
	}
	a.GiveUp(history.ClassBrowser, detail)
}

// stopped tells a run that was stopped from an attempt whose limit is over.
func stopped(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}

// atHand tells a door that the browser can use: its name rules let nothing but loopback through.
func atHand(door *url.URL) bool {
	ip := net.ParseIP(door.Hostname())
	return door.User == nil && ip != nil && (ip.Equal(net.IPv4(127, 0, 0, 1)) || ip.Equal(net.IPv6loopback))
}
