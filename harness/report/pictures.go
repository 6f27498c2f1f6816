package report

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"

	"github.com/regiondrill/regiondrill/harness/history"
)

// maxPictures bounds what all pictures of a page take, in bytes as they stand in it.
const maxPictures = 4 << 20

// album puts pictures into a page until there is no room.
type album struct{ room int }

// shot is one picture of an attempt. Data is base64 of bytes that were recognised as a picture, so nothing of what the
// run wrote stands in the URL as it was.
type shot struct {
	Data    template.URL
	Caption string
	File    string
	Bad     bool
}

// take embeds the pictures of a drill, failures first, and names those that had no room. Artifacts that were replaced
// by later ones are in the history, but no longer in the folder; they are passed over.
func (a *album) take(d *drill) (shots []shot, leftOut []string) {
	if d.folder == nil {
		return nil, nil
	}
	for _, wanted := range []history.Outcome{history.Bad, history.Unknown, history.Good} {
		for i := range d.h.Attempts {
			attempt := &d.h.Attempts[i]
			if attempt.Outcome != wanted {
				continue
			}
			for _, path := range attempt.Artifacts {
				s, kind := a.picture(d.folder, path)
				switch kind {
				case fits:
					s.Caption, s.Bad = d.caption(attempt), attempt.Outcome != history.Good
					shots = append(shots, s)
				case tooLarge:
					leftOut = append(leftOut, words(path))
				}
			}
		}
	}
	return shots, leftOut
}

type fitting int

const (
	gone fitting = iota
	tooLarge
	fits
)

// picture reads one. A path that leaves the folder is no valid path of an fs.FS and so is gone.
func (a *album) picture(folder fs.FS, path string) (shot, fitting) {
	f, err := folder.Open(path)
	if err != nil {
		return shot{}, gone
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPictures+1))
	if err != nil {
		return shot{}, gone
	}
	kind := http.DetectContentType(data)
	if kind != "image/png" && kind != "image/jpeg" && kind != "image/webp" {
		return shot{}, gone
	}
	if base64.StdEncoding.EncodedLen(len(data)) > a.room {
		return shot{}, tooLarge
	}
	a.room -= base64.StdEncoding.EncodedLen(len(data))
	inline := template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data))
	return shot{Data: inline, File: words(path)}, fits
}

func (d *drill) caption(a *history.Attempt) string {
	if a.Outcome == history.Good {
		return words(fmt.Sprintf("%s, arrived at %.1f s: %s after %s, in %s",
			a.Probe, a.Due.Seconds(), d.h.Plan.Words(a.Probe).Did, spanOf(a.Ended-a.Due), place(a.Region)))
	}
	return words(fmt.Sprintf("%s, arrived at %.1f s: %s (%s)",
		a.Probe, a.Due.Seconds(), detailed(string(a.Outcome), a.Detail), a.Class))
}
