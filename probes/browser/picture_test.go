package browser

import (
	"bytes"
	"errors"
	"image/png"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// album keeps pictures.
type album struct {
	refuses bool  // to want any
	full    error // what saving gives
	asked   []history.Outcome
	saved   [][]byte
}

func (k *album) Wants(a *harness.Attempt) bool {
	k.asked = append(k.asked, a.Outcome)
	return !k.refuses
}

func (k *album) Save(_ *harness.Attempt, extension string, data []byte) error {
	if extension != "png" {
		return errors.New("it is no picture")
	}
	k.saved = append(k.saved, data)
	return k.full
}

func TestPictures(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	l := open(t, s)
	tests := []struct {
		name     string
		lay      func()
		limit    time.Duration
		outcome  history.Outcome
		pictures int
	}{
		{"of a portal", func() {}, 10 * time.Second, history.Good, 1},
		{"of an error page", func() { s.on(portalHost(virginia), "/", answer(503, "<h1>no</h1>")) }, 10 * time.Second, history.Bad, 1},
		{"of a browser's own error page", func() { s.lay(portalHost(virginia), "refuse") }, 10 * time.Second, history.Bad, 1},
		{"of a page that has not come", func() { s.on(portalHost(virginia), "/", s.hang) }, time.Second, history.Bad, 1},
		{"of half a page", func() { s.on(portalHost(virginia), "/", s.halfAnswer(200, "<h1>half</h1>")) }, time.Second, history.Bad, 1},
		{"of a page whose script never ends", func() { page2(portalPage(virginia, `for (;;) {}`))(s) }, 3 * time.Second, history.Bad, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			defer s.lift()
			test.lay()
			album := &album{}
			a := attempt()
			a.Saver = album
			try(t, l, a, test.limit)
			back := time.Now()
			if a.Outcome != test.outcome || len(album.saved) != test.pictures || len(album.asked) != 1 || album.asked[0] != a.Outcome {
				t.Fatalf("%s, %s: %s; %d pictures, asked %v", a.Outcome, a.Class, a.Detail, len(album.saved), album.asked)
			}
			for _, data := range album.saved {
				shot, err := png.Decode(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				if size := shot.Bounds().Size(); size.X != 1280 || size.Y < 600 {
					t.Errorf("its size is %v", size)
				}
			}
			if a.Ended.IsZero() || a.Ended.After(back) || a.Ended.Sub(a.Due) > test.limit+time.Second {
				t.Errorf("ended %v after due", a.Ended.Sub(a.Due))
			}
			if late := back.Sub(a.Ended); late > pictureLimit+closeLimit+time.Second {
				t.Errorf("it came back %v after it ended", late)
			}
		})
	}
}

func TestPictureThatNobodyWants(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	a := attempt()
	saver := &album{refuses: true}
	a.Saver = saver
	if try(t, l, a, 10*time.Second); a.Outcome != history.Good || len(saver.saved) > 0 {
		t.Errorf("%s with %d pictures", a.Outcome, len(saver.saved))
	}
}

func TestPicturesWithoutRoom(t *testing.T) {
	s := newSite(t)
	l := open(t, s)
	a := attempt()
	full := errors.New("no room")
	a.Saver = &album{full: full}
	if err := l.Try(t.Context(), a); !errors.Is(err, full) {
		t.Errorf("saving gave %v", err)
	}
}
