package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
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

const reportVariable = "REGIONDRILL_REPORT_URL"

// reportTemplate is where reports can be read: from the flag, else from our variable, else what GitLab, Jenkins and
// GitHub say of their job, which is left out where it can't be a link.
func (p *program) reportTemplate(flag string) (string, error) {
	for from, template := range map[string]string{"--report-url": flag, reportVariable: p.getenv(reportVariable)} {
		if _, err := report.ReportLink(filled(template, history.Origin{}, "")); err != nil {
			return "", fmt.Errorf("%s %w", from, err)
		}
	}
	said := cmp.Or(flag, p.getenv(reportVariable), p.getenv("CI_JOB_URL"), p.getenv("BUILD_URL"))
	if said != "" {
		return said, nil
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
	times := 0
	if !s.flags.rehearse {
		times = s.flags.repeat.rule(d).Times
	}
	if times > 0 {
		o.Folder = filepath.Base(filepath.Dir(dir)) + "/" + o.Folder
	}
	if s.outer != "" {
		o.Folder = filepath.Base(s.outer) + "/" + o.Folder
	}
	o.ReportURL, _ = report.ReportLink(filled(s.flags.origin.reportURL, o, d.scenario.Name))
	switch { // a run of its own each, though all were asked for together
	case times > 0:
		nth, _ := strconv.Atoi(filepath.Base(dir)) // as repeat names them
		o.Run = fmt.Sprintf("%s-%0*d", o.Run, len(strconv.Itoa(times)), nth)
	case d.plan.Record.Again != nil:
		o.Run += "-again"
	}
	return o
}
