package browser

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/totp"
)

// person is somebody who signs in, once.
type person struct {
	world   *harness.World
	start   string // where they start, as Login.Start
	steer   harness.Steer
	attempt *harness.Attempt
	window  *window
	began   time.Time
	tab     *tab // that they look at
}

// signIn is their story: they try home, and where home has not let them in in time, for whatever reason, the bookmark
// of another Region. It always ends with a verdict.
func (p *person) signIn(ctx context.Context) *verdict {
	home := p.world.Start(p.start, p.attempt.Home)
	if p.steer.By != harness.ByBookmark {
		v := p.visit(ctx, ctx, home, "")
		p.keepSteps()
		return v
	}
	patience, cancel := context.WithDeadline(ctx, p.attempt.Due.Add(p.steer.After))
	defer cancel()
	v := p.visit(ctx, patience, home, "")
	if v.region != "" || v.ours && patience.Err() == nil || ctx.Err() != nil {
		p.keepSteps()
		return v
	}
	p.fold(home)
	if ours := p.wait(patience); ours != nil {
		return ours
	}
	if ctx.Err() != nil {
		return v
	}
	v = p.visit(ctx, ctx, p.world.Dashboard, p.steer.To)
	p.keepSteps()
	return v
}

// visit opens a tab at an address and does there what is asked, until the person is in a portal, is refused, or has no
// more patience (ctx is the attempt's). Where bookmark names a Region they look for its bookmark on the way.
func (p *person) visit(ctx, patience context.Context, address, bookmark string) *verdict {
	t, err := p.window.open(ctx, p.world, watcher(&p.world.Pages, p.attempt.Person.Account, bookmark))
	if err != nil {
		return p.noTab(ctx)
	}
	if earlier := p.tab; earlier != nil {
		t.trace.follow(earlier.trace)
		p.window.abandon(earlier)
	}
	p.tab = t
	t.visit(address)
	for {
		now := time.Now()
		v, again := p.look(t, now, bookmark)
		if v != nil {
			return v
		}
		var soon <-chan time.Time
		if again > 0 {
			soon = time.After(again)
		}
		select {
		case <-t.trace.changed:
		case <-soon:
		case <-p.window.process.ctx.Done():
			return gone()
		case <-patience.Done():
			return p.outOfTime(patience, t)
		}
	}
}

func gone() *verdict {
	return &verdict{class: history.ClassBrowser, detail: "the browser ended in the middle of the attempt", ours: true}
}

func halted() *verdict {
	return &verdict{class: history.ClassStopped, detail: "the run was stopped", ours: true}
}

// noTab says why there is none.
func (p *person) noTab(ctx context.Context) *verdict {
	switch {
	case stopped(ctx):
		return halted()
	case p.window.process.ctx.Err() != nil:
		return gone()
	}
	return &verdict{class: history.ClassBrowser, detail: "the browser opened no tab", ours: true}
}

// outOfTime is the verdict when nothing has come of it until the end of the person's time.
func (p *person) outOfTime(ctx context.Context, t *tab) *verdict {
	if stopped(ctx) {
		return halted()
	}
	t.trace.mu.Lock()
	defer t.trace.mu.Unlock()
	return t.trace.overdue(time.Now())
}

// look judges where the person stands, and does what the page asks of them.
func (p *person) look(t *tab, now time.Time, bookmark string) (*verdict, time.Duration) {
	t.trace.mu.Lock()
	defer t.trace.mu.Unlock()
	v, again := t.trace.judge(now)
	if v != nil || again > 0 {
		return v, again
	}
	h := t.trace.current()
	if h == nil || h.acted || h.page == nil || !h.page.Ready || h.at.Service != serviceIdP {
		return nil, 0 // a password is for the identity provider alone
	}
	switch {
	case h.page.Form:
		h.acted = true
		t.run(h, t.trace.world, signInScript(&p.world.Pages, p.attempt.Person.UserName, p.attempt.Person.Password))
	case h.page.Challenge:
		h.acted = true
		code, err := totp.Code(p.attempt.Person.Secret, now)
		if err != nil {
			return &verdict{class: history.ClassIdPLoginRefused,
				detail: "the identity provider asked for a one-time code, and the person has none"}, 0
		}
		t.run(h, t.trace.world, challengeScript(&p.world.Pages, code))
	case h.page.Bookmark:
		h.acted = true
		t.run(h, t.trace.world, bookmarkScript(&p.world.Pages, bookmark))
	case bookmark != "" && !h.page.Passing:
		return wrong("%s has no bookmark of %s", subject(h), bookmark), 0
	}
	return nil, 0
}

// wait sits out the person's patience in front of an error. It gives a verdict where the harness's side ends meanwhile.
func (p *person) wait(patience context.Context) *verdict {
	if patience.Err() != nil {
		if stopped(patience) {
			return halted()
		}
		return nil
	}
	since := time.Now()
	select {
	case <-patience.Done():
	case <-p.window.process.ctx.Done():
		return gone()
	}
	p.attempt.Steps = append(p.attempt.Steps, harness.Step{Name: history.StepWait, Began: since, Ended: time.Now()})
	if stopped(patience) {
		return halted()
	}
	return nil
}

// fold makes one step of all that was tried at home.
func (p *person) fold(home string) {
	s := harness.Step{Name: history.StepHome, Region: p.attempt.Home, Began: p.began, Ended: time.Now()}
	if u, err := url.Parse(home); err == nil {
		s.Host = u.Hostname()
	}
	p.attempt.Steps = append(p.attempt.Steps, s)
}

// keepSteps adds what the tab went through.
func (p *person) keepSteps() {
	if p.tab == nil {
		return
	}
	isRegion := func(name string) bool {
		place := p.world.Place(name)
		return place != nil && place.Region
	}
	p.attempt.Steps = append(p.attempt.Steps, p.tab.trace.steps(isRegion, time.Now())...)
}

// photograph takes a picture of what the person saw last, if it would be kept.
func (p *person) photograph() error {
	a := p.attempt
	if a.Saver == nil || p.tab == nil || !a.Saver.Wants(a) {
		return nil
	}
	png := p.tab.picture()
	if png == nil {
		return nil
	}
	if err := a.Saver.Save(a, "png", png); err != nil {
		return fmt.Errorf("keeping a picture: %w", err)
	}
	return nil
}
