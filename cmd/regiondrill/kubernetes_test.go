package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// cronJob is what the examples use of batch/v1's CronJob; a key that isn't here is a mistake, or wants a place here.
type cronJob struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		Schedule                   string
		TimeZone                   string `yaml:"timeZone"`
		ConcurrencyPolicy          string `yaml:"concurrencyPolicy"`
		StartingDeadlineSeconds    int    `yaml:"startingDeadlineSeconds"`
		SuccessfulJobsHistoryLimit int    `yaml:"successfulJobsHistoryLimit"`
		FailedJobsHistoryLimit     int    `yaml:"failedJobsHistoryLimit"`
		JobTemplate                struct {
			Spec struct {
				BackoffLimit          *int `yaml:"backoffLimit"`
				ActiveDeadlineSeconds int  `yaml:"activeDeadlineSeconds"`
				Template              struct{ Spec pod }
			}
		} `yaml:"jobTemplate"`
	}
}

type pod struct {
	RestartPolicy                 string `yaml:"restartPolicy"`
	TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
	ShareProcessNamespace         bool   `yaml:"shareProcessNamespace"`
	AutomountServiceAccountToken  *bool  `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            *bool  `yaml:"enableServiceLinks"`
	SecurityContext               struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		RunAsGroup     int                   `yaml:"runAsGroup"`
		FSGroup        int                   `yaml:"fsGroup"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Containers []container
	Volumes    []volume
}

type volume struct {
	Name     string
	EmptyDir *struct {
		Medium    string
		SizeLimit string `yaml:"sizeLimit"`
	} `yaml:"emptyDir"`
}

type container struct {
	Name, Image string
	Args        []string
	Env         []struct {
		Name      string
		ValueFrom struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	Resources       struct{ Requests, Limits map[string]string }
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	VolumeMounts []mount `yaml:"volumeMounts"`
}

type mount struct {
	Name      string
	MountPath string `yaml:"mountPath"`
}

var (
	atNight  = regexp.MustCompile(`^[0-5]?\d [0-9]+ \* \* \*$`)
	resource = map[string]*regexp.Regexp{"cpu": regexp.MustCompile(`^[1-9]\d*$`), "memory": regexp.MustCompile(`^[1-9]\d*[MG]i$`)}
)

// TestCronJobs reads the examples for Kubernetes strictly, and holds them against the program and what the docs promise.
func TestCronJobs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, "docs", "examples", "cronjob*.yaml"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var job cronJob
			decoder := yaml.NewDecoder(bytes.NewReader(text))
			decoder.KnownFields(true)
			if err := decoder.Decode(&job); err != nil {
				t.Fatal(err)
			}
			checkJob(t, &job)
			spec := &job.Spec.JobTemplate.Spec.Template.Spec
			checkPod(t, spec)
			checkContainer(t, spec, strings.Contains(file, "browser"))
			checkTimes(t, &job)
		})
	}
}

func checkJob(t *testing.T, job *cronJob) {
	t.Helper()
	spec := job.Spec
	if job.APIVersion != "batch/v1" || job.Kind != "CronJob" || job.Metadata.Name == "" || spec.TimeZone == "" || !atNight.MatchString(spec.Schedule) {
		t.Errorf("it is %s %s %q at %q", job.APIVersion, job.Kind, job.Metadata.Name, spec.Schedule)
	}
	if again := spec.JobTemplate.Spec.BackoffLimit; spec.ConcurrencyPolicy != "Forbid" || again == nil || *again != 0 {
		t.Error("a drill may run beside another, or again")
	}
}

func checkPod(t *testing.T, spec *pod) {
	t.Helper()
	if token := spec.AutomountServiceAccountToken; spec.RestartPolicy != "Never" || token == nil || *token || spec.SecurityContext.SeccompProfile.Type != "RuntimeDefault" {
		t.Errorf("the pod restarts %s, or has rights that it doesn't need", spec.RestartPolicy)
	}
	if len(spec.Containers) != 1 {
		t.Fatalf("%d containers", len(spec.Containers))
	}
	for _, m := range spec.Containers[0].VolumeMounts {
		if !slices.ContainsFunc(spec.Volumes, func(v volume) bool { return v.Name == m.Name && v.EmptyDir != nil }) {
			t.Errorf("nothing is there to mount at %s", m.MountPath)
		}
	}
}

func checkContainer(t *testing.T, spec *pod, browser bool) {
	t.Helper()
	c := spec.Containers[0]
	checkCommand(t, c.Args)
	if !strings.HasPrefix(c.Image, "registry.example.com/regiondrill:v") {
		t.Errorf("image %q isn't plainly a placeholder with a version", c.Image)
	}
	if s := c.SecurityContext; s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("its rights are %+v", s)
	}
	if !browser && (!spec.SecurityContext.RunAsNonRoot || spec.SecurityContext.RunAsUser == 0) {
		t.Error("it runs as root")
	}
	for name, form := range resource {
		if r := c.Resources; !form.MatchString(r.Requests[name]) || r.Requests[name] != r.Limits[name] {
			t.Errorf("%s: %s of %s", name, r.Requests[name], r.Limits[name])
		}
	}
	if len(c.Env) != 1 || c.Env[0].ValueFrom.SecretKeyRef.Key == "" || !slices.Contains(c.Args, "--push-gateway=$("+c.Env[0].Name+")") {
		t.Errorf("the Pushgateway's URL comes from %+v", c.Env)
	}
	if slices.Contains(c.Args, "--without-browser") == browser || spec.ShareProcessNamespace != browser {
		t.Errorf("with a browser: %v; it runs %v", browser, c.Args)
	}
	needed := map[string]bool{"/drills": true, "/tmp": true, "/dev/shm": browser}
	for path, there := range needed {
		if slices.ContainsFunc(c.VolumeMounts, func(m mount) bool { return m.MountPath == path }) != there {
			t.Errorf("something is mounted at %s: %v", path, !there)
		}
	}
}

// checkTimes: a drill ends by itself before it is ended, and what is ended has time to conclude and to push.
func checkTimes(t *testing.T, job *cronJob) {
	t.Helper()
	spec := job.Spec.JobTemplate.Spec
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	grace := seconds(spec.Template.Spec.TerminationGracePeriodSeconds)
	if grace < 2*pushLimit {
		t.Errorf("%v of grace, and a push may take %v", grace, pushLimit)
	}
	var timeout time.Duration
	for _, arg := range spec.Template.Spec.Containers[0].Args {
		if value, ok := strings.CutPrefix(arg, "--timeout="); ok {
			timeout, _ = time.ParseDuration(value)
		}
	}
	if timeout <= 0 || timeout+grace > seconds(spec.ActiveDeadlineSeconds) {
		t.Errorf("timeout %v, grace %v, deadline %d s", timeout, grace, spec.ActiveDeadlineSeconds)
	}
}
