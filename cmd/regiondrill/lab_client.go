package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/regiondrill/regiondrill/harness/byhand"
)

const (
	askLimit  = 5 * time.Second // for what a lab knows
	playLimit = 5 * time.Minute // for breaking and healing: each waits for canaries
)

// ask puts a request to the lab behind a socket and reads its answer. A lab's own refusal is as an error of this
// program's: the user's mistake, or what broke there.
func ask(ctx context.Context, socket, path string, body, answer any, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	method, sent := http.MethodGet, []byte(nil)
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://lab"+path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return broke(fmt.Errorf("asking the lab: %w", err))
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
			return broke(fmt.Errorf("reading the lab's answer: %w", err))
		}
		return nil
	}
	var failed byhand.Failure
	if err := json.NewDecoder(response.Body).Decode(&failed); err != nil {
		return broke(fmt.Errorf("the lab says %s, and no reason", response.Status))
	}
	if response.StatusCode == http.StatusBadRequest {
		return errors.New(failed.Error)
	}
	return broke(errors.New(failed.Error))
}

// askLab reads what the lab behind a socket tells of itself.
func askLab(path string) (*standing, error) {
	lab := &standing{socket: path}
	return lab, ask(context.Background(), path, "/", nil, lab, askLimit)
}
