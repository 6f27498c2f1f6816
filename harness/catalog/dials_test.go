package catalog

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayDial are the files that alone may leave this process by a socket, each with whom it reaches. Everything else goes
// through the fabric, which knows the lab's names and no others. A host that isn't on loopback is one that the scenario
// names, which "run" asks to confirm before anything starts, or one that the command line names itself.
var mayDial = map[string]string{
	"harness/fabric/edge.go":             "the address of a place's backend, on loopback or in our own containers",
	"harness/faults/backend.go":          "the emulator that plays KMS, as confirmed",
	"harness/report/grafana.go":          "the Grafana that the command line names",
	"harness/report/notify.go":           "the webhooks that the command line asks for and the environment names",
	"harness/report/push.go":             "the Pushgateway that the command line names",
	"harness/report/remote_write.go":     "the receiver that the command line names",
	"harness/targets/box.go":             "our own containers",
	"harness/targets/localstack_find.go": "the container engine",
	"harness/targets/restored.go":        "our own containers",
	"harness/system/site.go":             "names of the fabric",
	"harness/system/key.go":              "a handler of this process",
	"harness/system/key_back.go":         "the emulator that plays KMS, as confirmed",
	"harness/system/kms_delete.go":       "the emulator that plays KMS, as confirmed",
	"harness/system/kms_backend.go":      "the emulator that plays KMS, as confirmed",
	"probes/browser/apart_linux.go":      "the door of a place, on loopback",
	"probes/saml_login.go":               "names of the fabric",
	"fakes/identitycenter/server.go":     "in a container: the fabric's door, and other containers of the run",
	"fakes/idp/push.go":                  "names of the fabric, by the client that it is given",
	"cmd/regiondrill/lab_find.go":        "a socket in the user's runtime folder",
	"cmd/regiondrill/lab_client.go":      "a socket in the user's runtime folder",
}

// dialling are the names by which a socket is opened, by their packages.
var dialling = map[string][]string{
	"net":  {"Dial", "DialTimeout", "Dialer", "DialTCP", "DialUDP", "DialUnix"},
	"tls":  {"Dial", "DialWithDialer", "Dialer"},
	"http": {"DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm", "Client"},
}

// Who reads the table knows whom the program can reach: nothing else opens a socket.
func TestWhoDials(t *testing.T) {
	found := map[string]bool{}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if named, opens := opensSocket(n); opens {
					at := p.name() + "/" + name
					if found[at] = true; mayDial[at] == "" {
						t.Errorf("%s uses %s, and is not among those that may dial", at, named)
					}
				}
				return true
			})
		}
	}
	for _, file := range slices.Sorted(maps.Keys(mayDial)) {
		if !found[file] {
			t.Errorf("%s is among those that may dial, and doesn't", file)
		}
	}
}

// opensSocket tells whether a node is a name by which a socket is opened; that of a type in a pointer is none.
func opensSocket(n ast.Node) (name string, opens bool) {
	switch n := n.(type) {
	case *ast.StarExpr: // *http.Client only says what is given
		return "", false
	case *ast.CompositeLit:
		return selected(n.Type, "Client", "Dialer")
	case *ast.CallExpr:
		if len(n.Args) == 1 {
			if name, opens := selected(n.Args[0], "Client", "Dialer"); opens {
				return name, true
			}
		}
		return selected(n.Fun, "Dial", "DialTimeout", "DialTCP", "DialUDP", "DialUnix", "DialWithDialer", "Get", "Head",
			"Post", "PostForm")
	case *ast.ValueSpec:
		return selected(n.Type, "Client", "Dialer")
	case *ast.SelectorExpr:
		return selected(n, "DefaultClient", "DefaultTransport")
	}
	return "", false
}

func selected(n ast.Node, names ...string) (name string, is bool) {
	s, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	of, ok := s.X.(*ast.Ident)
	if !ok || !slices.Contains(names, s.Sel.Name) || !slices.Contains(dialling[of.Name], s.Sel.Name) {
		return "", false
	}
	return strings.Join([]string{of.Name, s.Sel.Name}, "."), true
}
