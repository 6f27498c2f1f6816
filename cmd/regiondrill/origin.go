package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
)

// originFlags are what run is told about its drills for those who look at many of them.
type originFlags struct {
	reportURL   string
	expectEvery time.Duration
}

// reportVariables are environment variables that hold where the results of a job can be read: our own, and those of
// GitLab and Jenkins. GitHub has three for it.
var reportVariables = []string{"REGIONDRILL_REPORT_URL", "CI_JOB_URL", "BUILD_URL"}

// reportTemplate is where reports can be read, from the flag, else from the environment. What a CI system says of
// itself is taken where it can be a link, and is no mistake of the user's where it can't.
func (p *program) reportTemplate(flag string) (string, error) {
	if flag != "" {
		if _, err := report.ReportLink(filled(flag, history.Origin{}, "")); err != nil {
			return "", fmt.Errorf("--report-url %w", err)
		}
		return flag, nil
	}
	for _, name := range reportVariables {
		if at := p.getenv(name); at != "" {
			return at, nil
		}
	}
	if run := p.getenv("GITHUB_RUN_ID"); run != "" {
		return p.getenv("GITHUB_SERVER_URL") + "/" + p.getenv("GITHUB_REPOSITORY") + "/actions/runs/" + run, nil
	}
	return "", nil
}

// filled puts a run's words into a template.
func filled(template string, o history.Origin, scenario string) string {
	return strings.NewReplacer("{run}", o.Run, "{folder}", o.Folder, "{scenario}", scenario).Replace(template)
}

// origin is what the history of a drill in that folder says of where it comes from.
func (s *session) origin(d *compiled, dir string) history.Origin {
	o := history.Origin{Run: history.Stamp(s.started), Folder: filepath.Base(dir),
		ExpectEvery: history.At(s.flags.origin.expectEvery)}
	if s.outer != "" {
		o.Folder = filepath.Base(s.outer) + "/" + o.Folder
	}
	o.ReportURL, _ = report.ReportLink(filled(s.flags.origin.reportURL, o, d.scenario.Name))
	return o
}
