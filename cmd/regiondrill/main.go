// Command regiondrill runs failover drills of multi-Region workforce sign-in, and tells how long people could not
// sign in. This package is the command line alone: flags, signals, exit codes, and who is told what; what it does is
// in the packages of harness.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/regiondrill/regiondrill/harness/catalog"
)

// version is set by the linker where the build has no version of its own: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	prepare()
	os.Exit(Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// Run is the whole program but for leaving it: results go to stdout, progress and errors to stderr, and what it
// returns is the exit code. env holds KEY=VALUE pairs.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) (code int) {
	defer func() {
		if bug := recover(); bug != nil { // Go's own status for it is 2, which here says unknown
			fmt.Fprintf(stderr, "regiondrill: a bug: %v\n%s", bug, debug.Stack())
			code = exitBroken
		}
	}()
	p := &program{catalog: catalog.Default(), stdin: stdin, stdout: stdout, stderr: stderr, env: env, exit: os.Exit}
	return p.main(ctx, args)
}
