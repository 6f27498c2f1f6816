// Package dashboards holds the Grafana dashboard and the Prometheus rules for what drills concluded. They are part of
// the program because they must agree with its metrics: a test holds every query against what is really exposed.
package dashboards

import "embed"

// Files are the dashboard (grafana/regiondrill.json) and the rules (prometheus/rules.yml).
//
//go:embed grafana/regiondrill.json prometheus/rules.yml
var Files embed.FS
