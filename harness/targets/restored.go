package targets

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/regiondrill/regiondrill/harness/rollback"
)

// restart, resume and reconnect are start, unpause and connect where nobody else sees whether the container is back:
// they are done when it answers.
func (d docker) restart(ctx context.Context, t thing) error { return d.restored(ctx, t, d.start) }

func (d docker) resume(ctx context.Context, t thing) error { return d.restored(ctx, t, d.unpause) }

func (d docker) reconnect(ctx context.Context, t thing) error { return d.restored(ctx, t, d.connect) }

// restored takes something back and waits until the container shows that it is.
func (d docker) restored(ctx context.Context, t thing, undo func(context.Context, thing) error) error {
	ctx, nothing := rollback.Found(ctx)
	if err := undo(ctx, t); err != nil || nothing() {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		found, ok, err := d.its(ctx, t)
		switch {
		case err != nil:
			return err
		case !ok, leaving(found), hidden(found.Container, t): // gone, or another change keeps it from answering
			return nil
		}
		at := found.Container.NetworkSettings.Networks[t.Name].IPAddress.String()
		if err = answers(ctx, at); err == nil {
			return nil
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return fmt.Errorf("container %s does not answer: %w", t.Name, err)
		}
	}
}

// hidden tells whether a container can't answer for a reason that is another undo's to mend.
func hidden(c container.InspectResponse, t thing) bool {
	return c.State.Paused || c.NetworkSettings.Networks[t.Name] == nil
}

// answers puts a request to a fake's health page. That it does not serve yet is an answer: nobody has told it what.
func answers(ctx context.Context, at string) error {
	ctx, cancel := context.WithTimeout(ctx, try)
	defer cancel()
	url := "http://" + net.JoinHostPort(at, servicePort) + "/"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Host = healthHost
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // which heeds no proxy of the environment
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
