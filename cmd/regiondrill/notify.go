package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/report"
)

func bindNotify(set *pflag.FlagSet, ways *[]string) {
	set.StringSliceVar(ways, "notify", nil, "tell the outcome to a webhook, in this `WAY`: "+
		strings.Join(report.Ways(), ", ")+"; its address or key is in the environment (docs/ci.md)")
}

// outletFlags say to whom an outcome is told, and what as.
type outletFlags struct {
	ways        []string
	environment string
	reportURL   string // once they were looked at, the template of links
}

// bind binds them; labels says what --environment does.
func (f *outletFlags) bind(set *pflag.FlagSet, labels string) {
	bindNotify(set, &f.ways)
	set.StringVar(&f.environment, "environment", "", labels)
	set.StringVar(&f.reportURL, "report-url", "", "with --notify: link to the page by a `URL` that may hold {folder}, "+
		"{run} and {scenario}; without it what CI says of its job is taken")
}

// outlet finds whom to tell, and how to link to what is told.
func (p *program) outlet(flags *outletFlags) ([]*report.Notifier, error) {
	all, err := p.notifiers(flags.ways)
	if err != nil {
		return nil, err
	}
	flags.reportURL, err = p.reportTemplate(flags.reportURL)
	return all, err
}

// notifiers finds whom to tell, so that what is missing is known before anything starts.
func (p *program) notifiers(ways []string) ([]*report.Notifier, error) {
	var all []*report.Notifier
	var errs []error
	slices.Sort(ways)
	for _, way := range slices.Compact(ways) {
		n, err := report.NewNotifier(way, p.getenv)
		if err != nil {
			errs = append(errs, fmt.Errorf("--notify: %w", err))
		}
		all = append(all, n)
	}
	return all, errors.Join(errs...)
}

// notifyLimit bounds the time that all who are told may take together, their retries included. A job that was
// cancelled has ten seconds for everything.
const (
	notifyLimit        = 10 * time.Second
	notifyLimitStopped = 2 * time.Second
)

// notify tells outcomes. It only carries them elsewhere: what stopped the command doesn't stop it, and its failure is
// for a warning.
func (p *program) notify(ctx context.Context, all []*report.Notifier, notices []report.Notice) {
	limit := notifyLimit
	if ctx.Err() != nil {
		limit = notifyLimitStopped
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	errs := make([]error, len(all))
	var told sync.WaitGroup
	for i, n := range all {
		told.Go(func() { errs[i] = n.Tell(ctx, notices) })
	}
	told.Wait()
	for _, err := range errs {
		p.warn(err)
	}
}

// linkAt is where what lies in a folder can be read, by a template for reports; empty where nobody said. page is the
// file that is looked at there.
func linkAt(template string, run time.Time, folder, scenario, page string) string {
	if folder == "" && strings.Contains(template, "{folder}") {
		return ""
	}
	if rest, ok := strings.CutSuffix(template, "/"+formats["html"]); ok {
		template = rest + "/" + page
	}
	o := history.Origin{Run: history.Stamp(run), Folder: filepath.ToSlash(folder)}
	link, err := report.ReportLink(filled(template, o, scenario))
	if err != nil { // what CI says of itself can't be a link
		return ""
	}
	return link
}

// notices are those of what was concluded. A single drill says itself where its report is; many say it together, by a
// template. outer is the folder around several, "" for one.
func notices(told []*report.Report, environment, template string, run time.Time, outer string) []report.Notice {
	var all []report.Notice
	for _, r := range told {
		link := ""
		switch {
		case r.Set != nil && r.Dir == "": // nothing was written
		case r.Set != nil:
			folder := filepath.Base(r.Dir)
			if outer != "" {
				folder = filepath.Join(filepath.Base(outer), folder)
			}
			link = linkAt(template, run, folder, r.Verdict.Scenario, setFiles["html"])
		case r.History != nil:
			link = r.History.Plan.ReportURL
		}
		all = append(all, report.NoticeOf(r, environment, link))
	}
	return all
}
