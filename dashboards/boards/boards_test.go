package boards

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
)

var update = flag.Bool("update", false, "write the published boards as they are now")

// TestPublished holds the published files against what this package makes. After a change:
// go test ./dashboards/boards -update
func TestPublished(t *testing.T) {
	for name, board := range All() {
		file := filepath.Join("..", "grafana", name)
		made, err := json.MarshalIndent(board, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		// People read the expressions, and a file is no web page in which < and & would have to be escaped.
		made = []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(made)) + "\n")
		if *update {
			if err := os.WriteFile(file, made, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		published, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(published, made) {
			t.Errorf("%s is not what is made here: go test ./dashboards/boards -update", file)
		}
	}
}

// schema holds a board's file against Grafana's schema, as the Go types of github.com/grafana/grafana-foundation-sdk
// have it, strictly: no field that the schema doesn't know, none missing that it requires, each of its type, within its
// limits. That goes for the dashboard, variables, annotations, panels and queries (Prometheus's), and for each panel's
// options and field configuration by the panel's type. What the schema leaves open is not seen: the options of
// transformations and the values of overrides.
func schema(data []byte) error {
	plugins.RegisterDefaultPlugins()
	var strict, board Board
	if err := strict.UnmarshalJSONStrict(data); err != nil {
		if all, is := errors.AsType[cog.BuildErrors](err); !is || len(all) > 0 { // an empty list is its way to say that all is well
			return err
		}
	}
	if err := json.Unmarshal(data, &board); err != nil { // the strict way may leave panels out of what it read
		return err
	}
	return board.Validate()
}

func TestGrafanasSchema(t *testing.T) {
	for name := range All() {
		data, err := os.ReadFile(filepath.Join("..", "grafana", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// That each kind of mistake is found shows that nothing is left unread.
		for what, wrong := range map[string][2]string{
			"an unknown field of the dashboard": {`"title": "regiondrill`, `"titel": 1, "title": "regiondrill`},
			"an unknown field of a panel":       {`"type": "stat"`, `"type": "stat", "colour": "red"`},
			"an unknown option of a panel":      {`"graphMode": `, `"graphMood": "none", "graphMode": `},
			"an option of the wrong type":       {`"wideLayout": true`, `"wideLayout": "yes"`},
			"an unknown field of a query":       {`"expr": "`, `"expression": "", "expr": "`},
			"a panel wider than the grid":       {`"w": 12`, `"w": 25`},
			"an unknown field's configuration":  {`"lineWidth": `, `"linewidth": 1, "lineWidth": `},
		} {
			if !strings.Contains(string(data), wrong[0]) {
				t.Errorf("%s: there is no %s to try %s", name, wrong[0], what)
			}
			if schema([]byte(strings.Replace(string(data), wrong[0], wrong[1], 1))) == nil {
				t.Errorf("%s: %s is not seen", name, what)
			}
		}
	}
}
