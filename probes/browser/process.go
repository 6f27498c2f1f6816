package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// startLimit is how long a browser may take to start. A tenth of a second is usual, half a second on a first run.
const startLimit = 15 * time.Second

// folderPrefix begins the name of every browser's folder, in the machine's folder for temporary files.
const folderPrefix = "regiondrill-browser-"

// kept are the variables of this process that the browser gets: what it needs to run and to show text. It gets no
// other, so that no proxy and no credential of the environment reaches it.
var (
	kept          = []string{"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE"}
	keptOnWindows = []string{"PATH", "SystemRoot", "SystemDrive", "windir", "ComSpec", "ProgramData", "ProgramFiles",
		"ProgramFiles(x86)", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"}
)

// process is one running browser with a folder of its own, which holds all that it writes.
type process struct {
	ctx   context.Context // chromedp's; done when the browser is gone
	dir   string
	annex *annex       // its own network; nil where it is on the machine's
	close func() error // ends it and removes the folder; more than once is no error
}

// start runs the browser at path, apart from the machine's network where that can be: a browser aborts all its requests
// whenever the network that it is on changes, and a container engine changes the machine's. ctx bounds the start alone:
// the browser outlives it.
func start(ctx context.Context, path, pin string) (*process, error) {
	if canLiveApart() {
		p, err := launch(ctx, path, pin, true)
		if !errors.Is(err, errNoAnnex) {
			return p, err
		}
	}
	return launch(ctx, path, pin, false)
}

// errNoAnnex is a browser that runs and whose own network can't be used.
var errNoAnnex = errors.New("opening the browser's network")

// launch starts it, apart or not.
func launch(ctx context.Context, path, pin string, apart bool) (*process, error) {
	_, _ = sweep() // what stays is told of by doctor, and the next sweep tries again
	dir, release, err := makeFolder()
	if err != nil {
		return nil, err
	}
	own, kill := context.WithCancel(context.WithoutCancel(ctx))
	allocator, free := chromedp.NewExecAllocator(own, options(dir, path, pin, apart)...)
	quiet := func(string, ...any) {} // what a browser says may quote a page
	root, stop := chromedp.NewContext(allocator, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	p := &process{ctx: root, dir: dir}
	end := func() {}
	p.close = sync.OnceValue(func() error {
		killUsers(dir)
		end()
		kill()
		stop()
		free()
		killUsers(dir)
		release() // before the folder goes, for Windows removes no file that is open
		return errors.Join(p.annex.close(), removeFolder(dir))
	})
	limited, done := context.WithTimeout(ctx, startLimit)
	defer done()
	defer context.AfterFunc(limited, kill)()
	if _, err := chromedp.CallBrowser(root, browser.GetVersion, cdp.Empty{}); err != nil {
		if limited.Err() != nil {
			err = context.Cause(limited)
		}
		return nil, errors.Join(fmt.Errorf("starting the browser %s: %w", path, err), p.close())
	}
	running := chromedp.FromContext(root).Browser.Process()
	if tied, err := tie(running); err == nil { // else it ends as it does elsewhere, when nobody talks to it
		end = tied
	}
	if !apart {
		return p, nil
	}
	if p.annex, err = newAnnex(running.Pid); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// answers tells whether the browser still does anything.
func (p *process) answers() bool {
	ctx, cancel := context.WithTimeout(p.ctx, closeLimit)
	defer cancel()
	_, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	return err == nil
}

// options are those of chromedp, and ours. The browser finds no address by itself: names are resolved behind the door
// of the person's place, and what would go past the door fails.
func options(dir, path, pin string, apart bool) []chromedp.ExecAllocatorOption {
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile(dir)),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.Dir = dir
			if setAside(cmd); apart {
				setApart(cmd)
			}
		}),
		chromedp.NoInheritEnv,
		chromedp.Env(environment(runtime.GOOS, dir)...),
		chromedp.WindowSize(1280, 860),
		chromedp.Flag("ignore-certificate-errors-spki-list", pin),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE [::1]"),
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,OptimizationHints,MediaRouter,"+
			"DialMediaRouteProvider,AutofillServerCommunication,CertificateTransparencyComponentUpdater"),
	)
	for _, name := range []string{"disable-component-update", "disable-domain-reliability", "disable-crash-reporter",
		"disable-gpu", "disable-quic", "no-pings"} {
		opts = append(opts, chromedp.Flag(name, true))
	}
	return opts
}

// profile is the folder of the browser's profile within its folder. Every process of a browser has it in its arguments.
func profile(dir string) string { return filepath.Join(dir, "profile") }

// environment points every place where a browser writes into its folder.
func environment(goos, dir string) []string {
	places, kept := []string{"HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"}, kept
	if goos == "windows" {
		places, kept = []string{"TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}, keptOnWindows
	}
	var env []string
	for _, name := range places {
		env = append(env, name+"="+dir)
	}
	for _, name := range kept {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// makeFolder makes a folder that only this user can look into, and marks it as used by this process until release.
func makeFolder() (dir string, release func(), err error) {
	if dir, err = os.MkdirTemp("", folderPrefix); err != nil {
		return "", nil, fmt.Errorf("making the browser's folder: %w", err)
	}
	if release, err = mark(dir); err != nil {
		return "", nil, errors.Join(fmt.Errorf("marking the browser's folder: %w", err), os.RemoveAll(dir))
	}
	return dir, release, nil
}

// removeFolder removes it. A process that was killed a moment ago may still have been writing, so that a first try
// finds the folder not empty.
func removeFolder(dir string) error {
	var err error
	for wait := time.Millisecond; wait < time.Second; wait *= 2 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		killUsers(dir)
		<-time.After(wait)
	}
	return fmt.Errorf("removing the browser's folder: %w", err)
}
