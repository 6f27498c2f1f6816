// Package dashboards holds the Grafana dashboards and the Prometheus rules for what drills do and concluded. They are
// part of the program because they must agree with its metrics: a test holds every query against what is exposed.
package dashboards

import "embed"

// Files are the dashboards (grafana/*.json, made by package boards) and the rules (prometheus/rules.yml).
//
//go:embed grafana/*.json prometheus/rules.yml
var Files embed.FS
