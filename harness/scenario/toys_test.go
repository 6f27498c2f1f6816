package scenario

import "time"

// Toy kinds, shaped like real ones.

type steer struct {
	By    string        `yaml:"by" enum:"none,bookmark" doc:"what a person does"`
	To    string        `yaml:"to" doc:"the Region they go to"`
	After time.Duration `yaml:"after" doc:"when they give up on home"`
}

type login struct {
	Steer steer `yaml:"steer" doc:"within one attempt"`
}

type mode string

type outage struct {
	Mode mode `yaml:"mode" enum:"blackhole,refuse,reset,http_503" doc:"how it shows"`
	Hold bool `yaml:"hold" doc:"bytes are held, not lost"`
}

type link struct {
	Latency   time.Duration `yaml:"latency"`
	Jitter    time.Duration `yaml:"jitter"`
	Bandwidth int           `yaml:"bandwidth" min:"0"`
}

type ending struct {
	Mode string `yaml:"mode" enum:"kill,pause,restart"`
}

type failing struct {
	Status int    `yaml:"status" min:"400" max:"599"`
	Code   string `yaml:"code"`
}

type target struct {
	Probe string `yaml:"probe" required:"true" doc:"of whom"`
	Fault string `yaml:"fault" required:"true" doc:"from what"`
}

type sustained struct {
	For   time.Duration `yaml:"for" min:"1ms"`
	Ratio float64       `yaml:"ratio" min:"0" max:"1"`
}

func (s *sustained) SetDefaults() { *s = sustained{5 * time.Second, 0.99} }

type recovery struct {
	target
	Within    time.Duration `yaml:"within" required:"true" min:"1ms"`
	Sustained *sustained    `yaml:"sustained"`
}

type windowed struct {
	target
	Window  string        `yaml:"window" enum:"baseline,fault,after"`
	AtLeast float64       `yaml:"at_least" min:"0" max:"1"`
	P95     time.Duration `yaml:"p95"`
}

func toys() Kinds {
	return Kinds{
		Probes: []Kind{
			{Name: "saml_login", Doc: "Signs in over HTTP.", Config: login{steer{By: "none", After: 2 * time.Second}}},
			{Name: "browser_login", Doc: "Signs in with a browser.", Config: &login{steer{By: "none"}}},
		},
		Faults: []Kind{
			{Name: "region_outage", Doc: "A Region is gone.", Config: outage{Mode: "blackhole", Hold: true}},
			{Name: "link", Doc: "A link gets worse.", Config: link{}},
			{Name: "api_errors", Doc: "An API fails.", Config: failing{}},
			{Name: "process", Doc: "A process ends.", Config: ending{}},
		},
		Checks: []Kind{
			{Name: "recovery", Doc: "People are back.", Config: recovery{}},
			{Name: "failback", Doc: "People are home.", Config: recovery{}},
			{Name: "availability", Doc: "People get in.", Config: windowed{Window: "fault"}},
			{Name: "latency", Doc: "People get in soon.", Config: windowed{Window: "fault"}},
		},
	}
}
