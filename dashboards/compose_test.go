package dashboards_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"
)

const composeFile = "../docker-compose.yml"

// stack is the compose file as Compose v2 understands it: its own parser, schema, interpolation and consistency checks.
// The environment is empty, and the profile of the nightly is on.
func stack(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{composeFile}, cli.WithName("regiondrill"), cli.WithProfiles([]string{"nightly"}),
		cli.WithEnv(nil), cli.WithInterpolation(true), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		t.Fatalf("Compose v2 refuses %s: %v", composeFile, err)
	}
	return project
}

// TestComposeV2 holds what the stack promises: it comes up from what is in this repository, and nothing of it can be
// reached from another machine.
func TestComposeV2(t *testing.T) {
	project := stack(t)
	if names := project.ServiceNames(); !slices.Equal(names, []string{"drill", "grafana", "localstack", "prometheus", "pushgateway"}) {
		t.Errorf("the services are %v", names)
	}
	for name, s := range project.Services {
		t.Run(name, func(t *testing.T) {
			checkPorts(t, s)
			checkMounts(t, project, s)
			checkImage(t, s)
			if len(s.Profiles) == 0 && s.HealthCheck == nil {
				t.Error("it stays, and nothing tells whether it is well")
			}
			if s.Privileged || len(s.CapAdd) > 0 {
				t.Error("it has rights that it doesn't need")
			}
		})
	}
	for _, name := range []string{"grafana", "localstack", "prometheus", "pushgateway"} {
		if len(project.Services[name].Profiles) != 0 || len(project.Services[name].Ports) != 1 {
			t.Errorf("%s is behind a profile, or has not one port", name)
		}
	}
	if got := project.Services["drill"].Profiles; !slices.Equal(got, []string{"nightly"}) {
		t.Errorf("the drill's profiles are %v: it would run with make compose-up", got)
	}
}

func checkPorts(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if s.NetworkMode != "" {
		t.Errorf("network mode %q leaves it to the program what is reachable from where", s.NetworkMode)
	}
	for _, p := range s.Ports {
		if p.HostIP != "127.0.0.1" {
			t.Errorf("port %d is published on %q, with no password", p.Target, p.HostIP)
		}
	}
}

func checkMounts(t *testing.T, project *types.Project, s types.ServiceConfig) {
	t.Helper()
	for _, v := range s.Volumes {
		switch v.Type {
		case types.VolumeTypeBind:
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("it mounts what isn't there, and Docker would make it as root: %v", err)
			}
			if !v.ReadOnly {
				t.Errorf("%s could be written by it", v.Source)
			}
		case types.VolumeTypeVolume:
			if _, declared := project.Volumes[v.Source]; !declared || v.Source == "" {
				t.Errorf("the volume at %s has no name, so compose-down would leave it", v.Target)
			}
		}
	}
}

var pinned = regexp.MustCompile(`^[a-z]+/[a-z]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$`)

func checkImage(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if s.Build == nil {
		if !pinned.MatchString(s.Image) {
			t.Errorf("image %q is not pinned", s.Image)
		}
		return
	}
	if s.Image != "" {
		t.Error("an image that is built and named stays after compose-down")
	}
	if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
		t.Error(err)
	}
}

// TestComposeV1 asks Compose v1 itself, which is what Debian has.
func TestComposeV1(t *testing.T) {
	program, err := exec.LookPath("docker-compose")
	if err != nil {
		t.Skip("docker-compose is not installed (Debian: apt-get install docker-compose)")
	}
	cmd := exec.CommandContext(t.Context(), program, "-f", composeFile, "--profile", "nightly", "config")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("docker-compose config: %v\n%s", err, &complaints)
	}
	var understood struct {
		Services map[string]struct{ Ports []any }
	}
	if err := yaml.Unmarshal(out, &understood); err != nil {
		t.Fatal(err)
	}
	want := stack(t)
	if len(understood.Services) != len(want.Services) {
		t.Errorf("of %d services it understands %d", len(want.Services), len(understood.Services))
	}
	for name, s := range understood.Services {
		if len(s.Ports) != len(want.Services[name].Ports) {
			t.Errorf("%s has %d ports with v1, %d with v2", name, len(s.Ports), len(want.Services[name].Ports))
		}
		for _, p := range s.Ports {
			if words, ok := p.(string); !ok || !strings.HasPrefix(words, "127.0.0.1:") {
				t.Errorf("%s: port %v is not on loopback alone", name, p)
			}
		}
	}
}

// inside is where a file of this folder lies in the container of a service.
func inside(t *testing.T, s types.ServiceConfig, path string) string {
	t.Helper()
	full, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range s.Volumes {
		if rest, ok := strings.CutPrefix(full, v.Source); ok && v.Type == types.VolumeTypeBind {
			return v.Target + rest
		}
	}
	t.Errorf("%s is not mounted into %s", path, s.Name)
	return ""
}

// TestGrafanaFindsItsDashboard follows Grafana from folder to folder: what is provisioned is mounted where it looks,
// and the dashboard's data source is the one that is there.
func TestGrafanaFindsItsDashboard(t *testing.T) {
	project := stack(t)
	grafana := project.Services["grafana"]
	var sources struct {
		Datasources []struct {
			UID, Type, URL string
			IsDefault      bool `yaml:"isDefault"`
		}
	}
	unmarshal(t, "grafana/provisioning/datasources/prometheus.yaml", &sources)
	if len(sources.Datasources) != 1 {
		t.Fatalf("%d data sources: which one would the dashboard take?", len(sources.Datasources))
	}
	asks := read(t, recoveryBoard).Templating.List[0]
	if s := sources.Datasources[0]; !s.IsDefault || asks.Type != "datasource" || asks.Query != s.Type || s.UID == "" || s.URL != "http://prometheus:9090" {
		t.Errorf("the dashboard asks for a default data source of type %v; there is %+v", asks.Query, s)
	}
	var providers struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}
	unmarshal(t, "grafana/provisioning/dashboards/regiondrill.yaml", &providers)
	lies := inside(t, grafana, recoveryBoard)
	if live := inside(t, grafana, liveBoard); filepath.Dir(live) != filepath.Dir(lies) {
		t.Errorf("one board lies at %s, the other at %s", lies, live)
	}
	if p := providers.Providers; len(p) != 1 || p[0].Type != "file" || p[0].Options.Path != filepath.Dir(lies) {
		t.Errorf("the dashboard lies in %s, and Grafana looks in %+v", lies, p)
	}
	if home := grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]; home == nil || *home != lies {
		t.Errorf("the first page is %v, not the dashboard", home)
	}
	for _, folder := range []string{"datasources", "dashboards"} {
		if got := inside(t, grafana, "grafana/provisioning/"+folder); got != "/etc/grafana/provisioning/"+folder {
			t.Errorf("%s are provisioned from %s", folder, got)
		}
	}
}

// scrape is what these tests read of Prometheus's configuration.
type scrape struct {
	RuleFiles []string `yaml:"rule_files"`
	Configs   []struct {
		Job         string                       `yaml:"job_name"`
		HonorLabels bool                         `yaml:"honor_labels"`
		Static      []struct{ Targets []string } `yaml:"static_configs"`
	} `yaml:"scrape_configs"`
}

// TestPrometheusFindsThePushgateway does the same for Prometheus.
func TestPrometheusFindsThePushgateway(t *testing.T) {
	prometheus := stack(t).Services["prometheus"]
	var config scrape
	unmarshal(t, "prometheus/prometheus.yml", &config)
	if at := inside(t, prometheus, "prometheus/prometheus.yml"); !slices.Contains([]string(prometheus.Command), "--config.file="+at) {
		t.Errorf("the configuration lies at %s, and Prometheus is told %v", at, prometheus.Command)
	}
	if !slices.Equal(config.RuleFiles, []string{"rules.yml"}) || len(config.Configs) != 2 {
		t.Fatalf("rules %v, %d jobs", config.RuleFiles, len(config.Configs))
	}
	if c := config.Configs[0]; !c.HonorLabels || c.Static[0].Targets[0] != "pushgateway:9091" {
		t.Errorf("%+v: without honor_labels the drills' job is renamed", c)
	}
	if hosts := prometheus.ExtraHosts["host.docker.internal"]; !slices.Equal(hosts, []string{"host-gateway"}) {
		t.Errorf("run --listen is sought at host.docker.internal, which is %v", hosts)
	}
}
