package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/report"
	"github.com/regiondrill/regiondrill/harness/scenario"
)

// starter is what a scenario of one's own begins as; its name, its Regions and its provider are put in.
//
//go:embed starter.yaml
var starter string

// schemaFile is where editors find the schema of the file beside it.
const schemaFile = "regiondrill.schema.json"

// initFlags are the flags of init.
type initFlags struct {
	regions []string
	idp     string
}

func (p *program) initCommand() *cobra.Command {
	var flags initFlags
	cmd := &cobra.Command{
		Use: "init [FILE]", Short: "Write a commented scenario to start from",
		Long: "Write a commented scenario to start from, and beside it the schema by which editors complete and check it.\n" +
			"Nothing is asked and nothing overwritten.",
		Example: `  regiondrill init mine.yaml
  regiondrill init drills/mine.yaml --regions eu-central-1,eu-west-1,eu-north-1 --idp entra
  regiondrill validate mine.yaml`,
		Args: atMostOne("a file"),
		RunE: func(_ *cobra.Command, args []string) error {
			path := "drill.yaml"
			if len(args) == 1 {
				path = args[0]
			}
			return p.init(path, flags)
		},
	}
	cmd.Flags().StringSliceVar(&flags.regions, "regions", []string{"us-east-1", "eu-west-1"},
		"the `REGIONS` of the instance, the primary first")
	cmd.Flags().StringVar(&flags.idp, "idp", "okta", "whose behaviour the identity provider shows: okta or entra")
	return cmd
}

func (p *program) init(path string, flags initFlags) error {
	text, err := started(nameOf(path), flags)
	if err != nil {
		return err
	}
	opts := engine.Options{Target: p.catalog.Targets[0]}
	if _, _, err := p.catalog.Read(strings.NewReader(text), path, nil, opts); err != nil {
		if mistakes, ok := errors.AsType[scenario.Errors](err); ok { // of the flags
			return fmt.Errorf("no scenario can be made of --regions %s and --idp %s: %s", strings.Join(flags.regions, ","),
				flags.idp, mistakes[0].Sentence)
		}
		return broke(err)
	}
	schema, err := scenario.Schema(p.catalog.Kinds())
	if err != nil {
		return broke(err)
	}
	if path == "-" {
		_, err := io.WriteString(p.stdout, text)
		return err
	}
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrNotExist) { // drills is made, and no more
		return fmt.Errorf("there is no folder %s", filepath.Dir(dir))
	} else if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("writing a scenario: %w", err)
	}
	if err := create(path, text); err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(path), schemaFile)
	if err := create(beside, string(schema)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	fmt.Fprintf(p.stdout, "%s is written, and %s for editors. Next:\n  regiondrill plan %s\n  regiondrill run %s\n", path,
		beside, report.Quote(path), report.Quote(path))
	return nil
}

// started is the starter with what the flags say.
func started(name string, flags initFlags) (string, error) {
	for _, region := range flags.regions {
		if !names.IsRegion(region) && names.Unfit(region) == "" {
			return "", fmt.Errorf("--regions: no Region is called %q%s", region, also(suggest(region, names.Regions(), "")))
		}
	}
	if len(flags.regions) < 2 {
		return "", errors.New("--regions: name at least two, the primary and one that people fail over to")
	}
	primary, additional := flags.regions[0], flags.regions[1:]
	rtt := []string{primary + ": 8ms"}
	for i, region := range additional {
		rtt = append(rtt, fmt.Sprintf("%s: %dms", region, 76+20*i))
	}
	list := func(regions []string) string { return "[" + strings.Join(regions, ", ") + "]" }
	return strings.NewReplacer("NAME", name, "PRIMARY", primary, "OTHER", additional[0], "ADDITIONAL", list(additional),
		"ALL", list(flags.regions), "RTT", strings.Join(append(rtt, "idp: 20ms"), ", "), "IDP", flags.idp,
		"SCHEMA", schemaFile).Replace(starter), nil
}

// create writes a file that isn't there. Its error wraps fs.ErrExist where it is.
func create(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and nothing is overwritten%w", path, silent{err})
	}
	if err != nil {
		return fmt.Errorf("writing a scenario: %w", err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return broke(fmt.Errorf("writing %s: %w", path, err))
	}
	return nil
}

// silent is the cause of an error whose sentence says it already.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// nameOf makes a scenario's name of its file's.
func nameOf(path string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(base, "-"), "-")
	if name == "" || name[0] < 'a' {
		name = "drill-" + strings.TrimPrefix(name, "-")
	}
	return name[:min(len(name), 63)] // as long as a name may be
}
