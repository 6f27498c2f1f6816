package heartbeat

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
)

const ms = time.Millisecond

func TestPulse(t *testing.T) {
	p := pulse{due: 5 * ms}
	for _, beat := range []struct {
		came  time.Duration
		late  bool
		since time.Duration
		due   time.Duration // of the next
	}{
		{5 * ms, false, 0, 10 * ms},
		{10*ms + 4999*time.Microsecond, false, 0, 15 * ms}, // a little late is how timers are
		{20 * ms, true, 15 * ms, 25 * ms},                  // a whole period
		{24 * ms, false, 0, 30 * ms},                       // too early
		{47 * ms, true, 30 * ms, 50 * ms},                  // 35, 40 and 45 fell into it
		{50 * ms, false, 0, 55 * ms},
	} {
		late, is := p.beat(beat.came)
		if is != beat.late || p.due != beat.due {
			t.Errorf("at %v: late %v, the next due %v", beat.came, is, p.due)
		}
		if is && (late != span{beat.since, beat.came, beat.came - beat.since}) {
			t.Errorf("at %v: %v", beat.came, late)
		}
	}
}

// taken drives two clocks' beats into a book: late ones as spans, the others as instants.
type said struct {
	clock       int
	since, came time.Duration
}

func filled(beats ...said) *book {
	b := &book{}
	for _, s := range beats {
		b.add(s.clock, s.came, span{s.since, s.came, s.came - s.since}, s.came-s.since >= Period)
	}
	return b
}

func told(give func(func(span))) (spans []span) {
	give(func(s span) { spans = append(spans, s) })
	return spans
}

func TestBookIsTheUnionOfBothClocks(t *testing.T) {
	b := filled(
		said{thread, 10 * ms, 20 * ms}, said{goroutine, 15 * ms, 30 * ms}, // overlap
		said{thread, 35 * ms, 45 * ms},    // adjoins
		said{goroutine, 60 * ms, 70 * ms}, // does not
		said{goroutine, 200 * ms, 201 * ms}, said{thread, 200 * ms, 201 * ms},
	)
	want := []span{{10 * ms, 45 * ms, 35 * ms}, {60 * ms, 70 * ms, 10 * ms}}
	if got := told(b.sure); !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if got := told(b.rest); len(got) > 0 {
		t.Errorf("told twice: %v", got)
	}
}

// A clock that is still late may say that a span began earlier, or went on.
func TestBookWaitsForTheLaterClock(t *testing.T) {
	b := filled(said{goroutine, 4 * ms, 5 * ms}, said{thread, 10 * ms, 20 * ms}, said{thread, 40 * ms, 41 * ms})
	if got := told(b.sure); len(got) > 0 {
		t.Errorf("told too early: %v", got)
	}
	b.add(goroutine, 90*ms, span{8 * ms, 90 * ms, 82 * ms}, true)
	b.add(thread, 100*ms, span{}, false)
	b.add(goroutine, 100*ms, span{}, false)
	if got, want := told(b.sure), []span{{8 * ms, 90 * ms, 82 * ms}}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// A machine that never comes to rest is told of while it lasts.
func TestBookTellsALongStallInParts(t *testing.T) {
	b := &book{}
	var got []span
	for now := time.Duration(0); now < 3*time.Second; now += 12 * ms {
		for clock := range clocks {
			b.add(clock, now+10*ms, span{now, now + 10*ms, 10 * ms}, true)
		}
		b.sure(func(s span) { got = append(got, s) })
	}
	got = append(got, told(b.rest)...)
	if len(got) != 3 || got[0].since != 0 || got[len(got)-1].until != 2998*ms {
		t.Errorf("told %v", got)
	}
	for i, s := range got {
		if s.took != s.length() || i > 0 && s.since <= got[i-1].until {
			t.Errorf("part %d is %v", i, s)
		}
	}
}

func TestBookAllocatesNothing(t *testing.T) {
	b, now, p := &book{}, time.Duration(0), pulse{}
	give := func(span) {}
	if n := testing.AllocsPerRun(1000, func() {
		now += 40 * ms
		for clock := range clocks {
			late, is := p.beat(now)
			b.add(clock, now, late, is)
		}
		b.sure(give)
	}); n > 0 {
		t.Errorf("%v allocations a beat", n)
	}
}

func TestPressure(t *testing.T) {
	var got []span
	give := func(s span) { got = append(got, s) }
	p := pressure{}
	total := 7 * time.Second // before anybody looked
	p.read(0, total, give)
	for i, lost := range []time.Duration{0, 9 * ms, 10 * ms, 250 * ms, 9 * ms, 50 * ms} {
		total += lost
		p.read(time.Duration(i+1)*100*ms, total, give)
	}
	p.rest(give)
	want := []span{{200 * ms, 400 * ms, 110 * ms}, {500 * ms, 600 * ms, 50 * ms}}
	if !slices.Equal(got, want) {
		t.Errorf("gave %v, want %v", got, want)
	}
	got = nil
	p.rest(give)
	for i := range 25 {
		total += 100 * ms
		p.read(time.Duration(i+7)*100*ms, total, give)
	}
	p.rest(give)
	want = []span{{600 * ms, 1600 * ms, time.Second}, {1600 * ms, 2600 * ms, time.Second}, {2600 * ms, 3100 * ms, 500 * ms}}
	if !slices.Equal(got, want) {
		t.Errorf("of a busy time gave %v, want %v", got, want)
	}
}

const sample = "some avg10=0.31 avg60=1.01 avg300=2.14 total=30127546\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n"

func TestParsePressure(t *testing.T) {
	for text, want := range map[string]time.Duration{
		sample:                   30127546 * time.Microsecond,
		"some total=0\n":         0,
		"full a\nsome total=5\n": 5 * time.Microsecond,
		"some x=1 total=7 y=2\n": 7 * time.Microsecond,
	} {
		if got, ok := parsePressure([]byte(text)); !ok || got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "some total=30", "some avg10=0\n", "some total=\n", "some total=-1\n",
		"some total=1e9\n", "full total=3\n", "something total=3\n", "some total=99999999999999999999\n"} {
		if got, ok := parsePressure([]byte(text)); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func FuzzParsePressure(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("some total=9223372036854775807\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, ok := parsePressure(text); d < 0 || !ok && d != 0 || d%time.Microsecond != 0 {
			t.Errorf("%v, %v", d, ok)
		}
	})
}

func TestAccount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{file: file}
	defer a.close()
	for range 2 {
		if total, ok := a.read(); !ok || total != 30127546*time.Microsecond {
			t.Errorf("read %v, %v", total, ok)
		}
	}
	if n := testing.AllocsPerRun(100, func() { a.read() }); n > 0 {
		t.Errorf("%v allocations a reading", n)
	}
	var none *account
	if _, ok := none.read(); ok {
		t.Error("read what isn't there")
	}
	none.close()
}

// However busy the machine is: every stall is whole, each observer's are in order, and none comes after stop.
func TestStart(t *testing.T) {
	latest := map[string]history.Instant{}
	over := false
	stop := Start(time.Now(), func(s history.Stall) {
		if s.Until <= s.Since || s.Took <= 0 || s.Took > s.Until-s.Since || s.Since < latest[s.By] || over {
			t.Errorf("told %+v after one that ended at %v", s, latest[s.By])
		}
		latest[s.By] = s.Until
	})
	for range 3 { // something to be late for
		busy := 0
		for i := range 30_000_000 {
			busy ^= i * i
		}
		if busy == 1 {
			t.Log("never")
		}
	}
	stop()
	over = true
	stop()
}
